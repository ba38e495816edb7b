import type * as tf from '@tensorflow/tfjs';
import { drawLayout } from '../transformer';
import type { LlamaConfig } from './config';
import { weightLayout } from './weight-layout';

/**
 * Draws fresh weights as these models start: matrices N(0, 0.02²), norms multiply by 1, biases 0.
 * They belong to the caller.
 */
export function drawWeights(config: LlamaConfig, seed: number): Map<string, tf.Tensor> {
  return drawLayout(weightLayout(config), { seed, norm: 1 - config.normOffset });
}
