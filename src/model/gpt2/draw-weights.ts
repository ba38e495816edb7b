import type * as tf from '@tensorflow/tfjs';
import { drawLayout } from '../transformer';
import type { GPT2Config } from './config';
import { weightLayout } from './weight-layout';

/**
 * Draws fresh weights as GPT-2 starts: N(0, 0.02²), the projections into the residual stream smaller
 * by √(2 nLayer), norms 1, biases 0. They belong to the caller.
 */
export function drawWeights(config: GPT2Config, seed: number): Map<string, tf.Tensor> {
  const isResidual = (name: string) => name.endsWith('c_proj.weight');
  const deviation = (name: string) => 0.02 / (isResidual(name) ? Math.sqrt(2 * config.nLayer) : 1);
  return drawLayout(weightLayout(config), { seed, deviation });
}
