import * as tf from '@tensorflow/tfjs';
import { Random } from '../../tensor/runtime';
import type { GPT2Config } from './config';
import { weightLayout } from './weight-layout';

/**
 * Draws fresh weights as GPT-2 starts: N(0, 0.02²), the projections into the residual stream smaller
 * by √(2 nLayer), norms 1, biases 0. They belong to the caller.
 */
export function drawWeights(config: GPT2Config, seed: number): Map<string, tf.Tensor> {
  const random = new Random(seed);
  const { shapes, linear } = weightLayout(config);
  const draw = (name: string, shape: readonly number[]): tf.Tensor => {
    if (name.endsWith('.bias')) return tf.zeros([...shape]);
    if (shape.length === 1) return tf.ones([...shape]);
    const std = 0.02 / (name.endsWith('c_proj.weight') ? Math.sqrt(2 * config.nLayer) : 1);
    return tf.tidy(() => {
      const values = random.normal([...shape], 0, std);
      return linear.test(name) ? values.transpose() : values;
    });
  };
  return new Map([...shapes].map(([name, shape]) => [name, draw(name, shape)]));
}
