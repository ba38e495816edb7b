import * as tf from '@tensorflow/tfjs';
import { assertFinite } from '../tensor/errors';
import { Linear, type LinearLayer, type Module } from '../tensor/nn';
import { read } from '../tensor/runtime';
import type { LoRALayer } from './lora-layer';
import { assertFits, type LoRALinear } from './lora-linear';

/**
 * W = W0 + s B A, its rows rescaled by the layer's variant if it has one: one plain layer that
 * computes what base and update compute together.
 *
 * A new layer in float32, owned by the caller, also where the base is in fewer bits: rounding the
 * sum to them again would change it. The base may be shared, so it is not touched.
 * @throws NonFiniteError if the merged weight is not finite, DisposedError
 */
export async function mergeLoraWeights(layer: LoRALinear): Promise<Linear> {
  layer.assertAlive('mergeLoraWeights');
  const { base, lora, rescale } = layer;
  const weight = tf.tidy(() => {
    const sum = base.denseWeight().add<tf.Tensor2D>(lora.deltaWeight());
    return rescale ? sum.mul<tf.Tensor2D>(rowFactors(rescale, base)) : sum;
  });
  return finiteLinear('mergeLoraWeights', weight, base.bias);
}

/**
 * W0 = W - s B A, the inverse of `mergeLoraWeights` up to float32 rounding.
 *
 * A new layer, owned by the caller; `merged` is not touched.
 * @param rescale that of the layer that was merged, if it has one: its rows are scaled back first
 * @throws ShapeError if the update does not fit, NonFiniteError, DisposedError
 */
export async function unmergeLoraWeights(
  merged: LinearLayer,
  lora: LoRALayer,
  rescale: Module | null = null,
): Promise<Linear> {
  merged.assertAlive('unmergeLoraWeights');
  assertFits('unmergeLoraWeights', merged, lora);
  const weight = tf.tidy(() => {
    const weight = merged.denseWeight();
    const sum = rescale ? weight.div<tf.Tensor2D>(rowFactors(rescale, merged)) : weight;
    return sum.sub<tf.Tensor2D>(lora.deltaWeight());
  });
  return finiteLinear('unmergeLoraWeights', weight, merged.bias);
}

/** What a variant multiplies each output, and so each row of the weight, by: [d, 1]. */
function rowFactors(rescale: Module, { outFeatures }: LinearLayer): tf.Tensor2D {
  return rescale.forward(tf.ones([outFeatures])).reshape([outFeatures, 1]);
}

/** Takes the weight over. Checked on the host: shaders may assume that there are no NaNs. */
async function finiteLinear(
  caller: string,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
): Promise<Linear> {
  try {
    const advice = 'Look for a diverged A, B or base.';
    assertFinite(caller, 'the merged weight', await read(weight), advice);
    return new Linear({ weight, bias });
  } finally {
    weight.dispose();
  }
}
