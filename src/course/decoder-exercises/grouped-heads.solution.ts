import * as tf from '@tensorflow/tfjs';

/**
 * softmax(q Kᵀ / √size) V for one position, which sees all: q [heads, size], k and v
 * [kvHeads, time, size]. Query heads that follow each other share a head of k and v.
 */
export function attendGrouped(q: tf.Tensor2D, k: tf.Tensor3D, v: tf.Tensor3D): tf.Tensor2D {
  const [heads, size] = q.shape;
  const kvHeads = k.shape[0];
  return tf.tidy(() => {
    const groups = q.reshape([kvHeads, heads / kvHeads, size]);
    const scores = tf.matMul(groups, k, false, true).div(Math.sqrt(size)); // [kv, group, time]
    return tf.matMul(scores.softmax(), v).reshape<tf.Tensor2D>([heads, size]);
  });
}
