import * as tf from '@tensorflow/tfjs';
import { Random } from '../../tensor/runtime';
import type { LlamaConfig } from './config';
import { weightLayout } from './weight-layout';

/**
 * Draws fresh weights as these models start: matrices N(0, 0.02²), norms multiply by 1, biases 0.
 * They belong to the caller.
 */
export function drawWeights(config: LlamaConfig, seed: number): Map<string, tf.Tensor> {
  const random = new Random(seed);
  const draw = (name: string, shape: readonly number[]): tf.Tensor => {
    if (name.endsWith('.bias')) return tf.zeros([...shape]);
    if (shape.length === 1) return tf.fill([...shape], 1 - config.normOffset);
    return random.normal([...shape], 0, 0.02);
  };
  return new Map(
    [...weightLayout(config).shapes].map(([name, shape]) => [name, draw(name, shape)]),
  );
}
