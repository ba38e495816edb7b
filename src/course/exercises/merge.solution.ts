import * as tf from '@tensorflow/tfjs';

/** W = W0 + s B A [d, k] */
export function mergeLoraWeights(
  w0: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: number,
): tf.Tensor2D {
  return tf.tidy(() => w0.add(tf.matMul(B, A).mul(scaling)));
}

/** W0 = W - s B A [d, k] */
export function unmergeLoraWeights(
  w: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: number,
): tf.Tensor2D {
  return tf.tidy(() => w.sub(tf.matMul(B, A).mul(scaling)));
}
