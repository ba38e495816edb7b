import * as tf from '@tensorflow/tfjs';

/** x / √(mean(x²) + ε) · γ, for each row of x [n, width]. */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return tf.tidy(() => {
    const root = x.square().mean(-1, true).add(epsilon).sqrt(); // [n, 1]
    return x.div(root).mul(weight);
  });
}
