import * as tf from '@tensorflow/tfjs';
import type { Scales } from './lora-linear';
import { lowRankFactor } from './low-rank-factor';

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
 * With dy = dL/dh [n, d], x [n, k], one row a token, and dS = s (dy B) [n, r]:
 *
 *   dL/dA = dSᵀ x            [r, k]
 *   dL/dB = dyᵀ (s x Aᵀ)     [d, r]
 *
 * and, for dL/dx, dS itself. x Aᵀ [n, r] is computed again rather than saved. A closure per input:
 * tfjs calls only those it needs. dS is small, and freed with the whole backward pass.
 */
export function lowRankGradients(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): { A: () => tf.Tensor2D; B: () => tf.Tensor2D; dS: tf.Tensor2D } {
  const dS = lowRankFactor(dy, B, { scaling, transpose: false });
  return {
    dS,
    A: () => tf.matMul(dS, x, true, false),
    B: () => tf.matMul(dy, lowRankFactor(x, A, { scaling, transpose: true }), true, false),
  };
}
