import * as tf from '@tensorflow/tfjs';
import { Random } from '../../tensor/runtime';
import type { WeightLayout } from './weight-layout';

/** How a family's fresh weights differ from those of others. */
export interface DrawOptions {
  seed: number;
  /** the standard deviation of a matrix; 0.02 unless given */
  deviation?: (name: string) => number;
  /** the weights of norms; 1 unless given */
  norm?: number;
}

/**
 * Draws fresh weights: matrices from a normal distribution around 0, all weights of norms the same,
 * biases 0. They belong to the caller, and linear layers' are (out, in).
 */
export function drawLayout(
  { shapes, linear, transposed }: WeightLayout,
  { seed, deviation = () => 0.02, norm = 1 }: DrawOptions,
): Map<string, tf.Tensor> {
  const random = new Random(seed);
  const draw = (name: string, shape: readonly number[]): tf.Tensor => {
    if (name.endsWith('.bias')) return tf.zeros([...shape]);
    if (shape.length === 1) return tf.fill([...shape], norm);
    return tf.tidy(() => {
      const values = random.normal([...shape], 0, deviation(name));
      return transposed && linear.test(name) ? values.transpose() : values;
    });
  };
  return new Map([...shapes].map(([name, shape]) => [name, draw(name, shape)]));
}
