import * as tf from '@tensorflow/tfjs';
import type { Scales } from './lora-linear';

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
