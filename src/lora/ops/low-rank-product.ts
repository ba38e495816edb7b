import * as tf from '@tensorflow/tfjs';

/**
 * s = alpha / r, one number; or one for each token and rank [n, r] ([1, r] for all tokens): a
 * constant that stays the caller's, and alive until the gradient is computed.
 */
export type Scales = number | tf.Tensor2D;

/** What every op of an adapter takes. */
export type AdapterInputs = {
  /** [n, k] */
  x: tf.Tensor2D;
  /** [r, k] */
  A: tf.Tensor2D;
  /** [d, r] */
  B: tf.Tensor2D;
  /** b [d], or null */
  bias: tf.Tensor1D | null;
};

export type ScalingAttrs = { scaling: Scales };

/** s B (A x) [n, d]. The scale goes on the [n, r] factor, the smallest; B A is never formed. */
export function lowRankProduct(
  x: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): tf.Tensor2D {
  const low = tf.matMul(x, A, false, true).mul<tf.Tensor2D>(scaling); // [n, r]
  return tf.matMul(low, B, false, true);
}

/** The scales as compiled ops take them, one number as [1, 1]; to be called in a `tf.tidy`. */
export function scalesTensor(scaling: Scales): tf.Tensor2D {
  return typeof scaling === 'number' ? tf.tensor2d([[scaling]]) : scaling;
}
