import * as tf from '@tensorflow/tfjs';
import type { Attrs, LoRALinearAttrs, Scales } from './lora-linear';

/** The op's name in the tfjs registry. */
export const LOW_RANK_GRADIENTS = 'LowRankGradients';

export type LowRankGradientsInputs = tf.NamedTensorMap & {
  /** dL/dh [n, d] */
  dy: tf.Tensor2D;
  x: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
};

/**
 * With dy = dL/dh [n, d], x [n, k], one row a token:
 *
 *   dS    = s (dy B)           [n, r], for dL/dx
 *   dL/dA = dSᵀ x              [r, k]
 *   dL/dB = dyᵀ (s x Aᵀ)       [d, r]
 *
 * all owned by the caller. x Aᵀ [n, r] is computed again rather than saved.
 */
export function lowRankGradients(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): { dS: tf.Tensor2D; dA: tf.Tensor2D; dB: tf.Tensor2D } {
  const inputs: LowRankGradientsInputs = { dy, x, A, B };
  const attrs: LoRALinearAttrs = { scaling };
  const [dS, dA, dB] = tf
    .engine()
    .runKernel<tf.Tensor2D[]>(LOW_RANK_GRADIENTS, inputs, attrs as unknown as Attrs);
  return { dS, dA, dB } as { dS: tf.Tensor2D; dA: tf.Tensor2D; dB: tf.Tensor2D };
}

/** The kernel in plain tfjs ops. */
export const lowRankGradientsPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { dy, x, A, B } = inputs as LowRankGradientsInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const dS = tf.matMul(dy, B).mul<tf.Tensor2D>(scaling);
    const low = tf.matMul(x, A, false, true).mul<tf.Tensor2D>(scaling);
    return [dS, tf.matMul(dS, x, true), tf.matMul(dy, low, true)];
  });
};
