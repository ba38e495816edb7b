import * as tf from '@tensorflow/tfjs';
import { assertFinite } from '../tensor/errors';
import { Linear, type LinearLayer, type Module } from '../tensor/nn';
import { read } from '../tensor/runtime';
import type { LoRALayer } from './lora-layer';
import { assertFits, type LoRALinear } from './lora-linear';

/**
 * W = W0 + s B A        (Hu et al. 2021, section 4.1)
 *
 * W0 [d, k], A [r, k], B [d, r] -> one layer with W [d, k] that computes what base and adapter
 * compute together; a variant (DoRA) rescales the rows of W. The result is a new layer in float32,
 * owned by the caller. The base is not changed, and a base in fewer bits is not rounded to again.
 * @throws NonFiniteError if the merged weight is not finite, DisposedError
 */
export async function mergeLoraWeights(layer: LoRALinear): Promise<Linear> {
  layer.assertAlive('mergeLoraWeights');
  const { base, lora, variant } = layer;
  const weight = tf.tidy(() => {
    const sum = base.denseWeight().add<tf.Tensor2D>(lora.deltaWeight());
    return variant ? sum.mul<tf.Tensor2D>(rowFactors(variant, base)) : sum;
  });
  return finiteLinear('mergeLoraWeights', weight, layer, base.bias);
}

/**
 * W0 = W - s B A, the inverse of `mergeLoraWeights` up to float32 rounding.
 *
 * The result is a new layer, owned by the caller; `merged` is not changed.
 * @param variant of the layer that was merged, if it has one: the rows are scaled back first
 * @throws ShapeError if the adapter does not fit, NonFiniteError, DisposedError
 */
export async function unmergeLoraWeights(
  merged: LinearLayer,
  lora: LoRALayer,
  variant: Module | null = null,
): Promise<Linear> {
  merged.assertAlive('unmergeLoraWeights');
  assertFits('unmergeLoraWeights', merged, lora);
  const weight = tf.tidy(() => {
    const weight = merged.denseWeight();
    const sum = variant ? weight.div<tf.Tensor2D>(rowFactors(variant, merged)) : weight;
    return sum.sub<tf.Tensor2D>(lora.deltaWeight());
  });
  return finiteLinear('unmergeLoraWeights', weight, merged, merged.bias);
}

/** The factors by which a variant multiplies the outputs, and so the rows of the weight: [d, 1]. */
function rowFactors(variant: Module, { outFeatures }: LinearLayer): tf.Tensor2D {
  return variant.forward(tf.ones([outFeatures])).reshape([outFeatures, 1]);
}

/**
 * Disposes the weight. It is checked on the host: shaders may assume that there are no NaNs.
 * @throws DisposedError if the layer of the bias is freed meanwhile
 */
async function finiteLinear(
  caller: string,
  weight: tf.Tensor2D,
  layer: Module,
  bias: tf.Tensor1D | null,
): Promise<Linear> {
  try {
    const advice = 'Look for a diverged A, B or base.';
    assertFinite(caller, 'the merged weight', await read(weight), advice);
    layer.assertAlive(caller);
    return new Linear({ weight, bias });
  } finally {
    weight.dispose();
  }
}
