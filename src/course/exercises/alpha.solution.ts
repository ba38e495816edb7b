import * as tf from '@tensorflow/tfjs';

/** s B A x for rows of x [n, k], with s = alpha / r, or alpha / √r for rsLoRA. */
export function scaledUpdate(
  x: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  alpha: number,
  rsLora: boolean,
): tf.Tensor2D {
  const r = A.shape[0];
  const s = rsLora ? alpha / Math.sqrt(r) : alpha / r;
  return tf.tidy(() => {
    const low = tf.matMul(x, A, false, true); // x Aᵀ: [n, r]
    return tf.matMul(low, B, false, true).mul(s); // [n, d]
  });
}
