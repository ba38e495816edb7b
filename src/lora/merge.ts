import * as tf from '@tensorflow/tfjs';
import { Linear } from '../nn';
import { NonFiniteError, read } from '../runtime';
import type { LoRALayer } from './lora-layer';
import { assertFits, type LoRALinear } from './lora-linear';

/**
 * W = W0 + s B A: one plain layer that computes what base and update compute together.
 *
 * A new layer, owned by the caller. The base may be shared, so it is not touched.
 * @throws NonFiniteError if the merged weight is not finite, DisposedError
 */
export async function mergeLoraWeights(layer: LoRALinear): Promise<Linear> {
  layer.assertAlive('mergeLoraWeights');
  const { base, lora } = layer;
  const weight = tf.tidy(() => base.weight.add<tf.Tensor2D>(lora.deltaWeight()));
  return finiteLinear('mergeLoraWeights', weight, base.bias);
}

/**
 * W0 = W - s B A, the inverse of `mergeLoraWeights` up to float32 rounding.
 *
 * A new layer, owned by the caller; `merged` is not touched.
 * @throws ShapeError if the update does not fit, NonFiniteError, DisposedError
 */
export async function unmergeLoraWeights(merged: Linear, lora: LoRALayer): Promise<Linear> {
  merged.assertAlive('unmergeLoraWeights');
  assertFits('unmergeLoraWeights', merged, lora);
  const weight = tf.tidy(() => merged.weight.sub<tf.Tensor2D>(lora.deltaWeight()));
  return finiteLinear('unmergeLoraWeights', weight, merged.bias);
}

/** Takes the weight over. Checked on the host: shaders may assume that there are no NaNs. */
async function finiteLinear(
  caller: string,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
): Promise<Linear> {
  try {
    const faults = (await read(weight)).filter((value) => !Number.isFinite(value)).length;
    if (faults > 0) {
      throw new NonFiniteError(
        `${caller}: every weight must be finite, got ${faults} of ${weight.size} NaN or infinite. Look for a diverged A, B or base.`,
      );
    }
    return new Linear({ weight, bias });
  } finally {
    weight.dispose();
  }
}
