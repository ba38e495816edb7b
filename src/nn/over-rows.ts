import * as tf from '@tensorflow/tfjs';

/**
 * Takes all leading axes of x [..., k] as one, applies f: [n, k] -> [n, d], and gives them back:
 * [..., d], owned by the caller.
 */
export function overRows(x: tf.Tensor, f: (rows: tf.Tensor2D) => tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => {
    const y = f(x.reshape<tf.Tensor2D>([-1, x.shape.at(-1) as number]));
    return y.reshape([...x.shape.slice(0, -1), y.shape[1]]);
  });
}
