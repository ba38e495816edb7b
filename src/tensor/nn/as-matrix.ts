import * as tf from '@tensorflow/tfjs';
import { reshapeUntaped } from './ops/reshape-untaped';

/**
 * Flattens all leading axes of x [..., k], applies f: [n, k] -> [n, d], and restores the axes:
 * [..., d], owned by the caller.
 */
export function asMatrix(x: tf.Tensor, f: (rows: tf.Tensor2D) => tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => {
    const k = x.shape.at(-1) as number;
    const y = f(reshapeUntaped<tf.Tensor2D>(x, [k === 0 ? 0 : x.size / k, k]));
    return reshapeUntaped(y, [...x.shape.slice(0, -1), y.shape[1]]);
  });
}
