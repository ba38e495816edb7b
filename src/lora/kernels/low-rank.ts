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

/**
 * With dy = dL/dh [n, d] and x [n, k], one row a token:
 *
 *   dL/dA = s (dy B)ᵀ x      [r, k]
 *   dL/dB = s dyᵀ (x Aᵀ)     [d, r]
 *   dL/dx = s (dy B) A       [n, k]
 *
 * x Aᵀ [n, r] is computed again rather than saved. A closure per input: tfjs calls only those
 * it needs. dA and dx share s dy B [n, r], which is small, and freed with the whole backward pass.
 */
export function lowRankGradients(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): Record<'A' | 'B' | 'x', () => tf.Tensor2D> {
  const scaledDyB = tf.matMul(dy, B).mul<tf.Tensor2D>(scaling); // [n, r]
  return {
    A: () => tf.matMul(scaledDyB, x, true, false),
    B: () => tf.matMul(dy, tf.matMul(x, A, false, true).mul<tf.Tensor2D>(scaling), true, false),
    x: () => tf.matMul(scaledDyB, A),
  };
}
