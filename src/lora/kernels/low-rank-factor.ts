import * as tf from '@tensorflow/tfjs';
import type { Attrs, Scales } from './lora-linear';

/** The op's name in the tfjs registry. */
export const LOW_RANK_FACTOR = 'LowRankFactor';

export type LowRankFactorInputs = tf.NamedTensorMap & {
  /** [n, k] */
  x: tf.Tensor2D;
  /** F, [r, k] if `transpose`, else [k, r] */
  factor: tf.Tensor2D;
};

export interface LowRankFactorAttrs {
  scaling: Scales;
  transpose: boolean;
}

/**
 * s ⊙ (x Fᵀ) or s ⊙ (x F), [n, r], owned by the caller: the small product on the way through an
 * update. Without a gradient of its own.
 */
export function lowRankFactor(
  x: tf.Tensor2D,
  factor: tf.Tensor2D,
  { scaling, transpose }: LowRankFactorAttrs,
): tf.Tensor2D {
  const inputs: LowRankFactorInputs = { x, factor };
  const attrs = { scaling, transpose } as unknown as Attrs;
  return tf.engine().runKernel<tf.Tensor2D>(LOW_RANK_FACTOR, inputs, attrs);
}

/** The kernel in plain tfjs ops. */
export const lowRankFactorPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, factor } = inputs as LowRankFactorInputs;
  const { scaling, transpose } = attrs as unknown as LowRankFactorAttrs;
  return tf.tidy(() => tf.matMul(x, factor, false, transpose).mul<tf.Tensor2D>(scaling));
};
