import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOp, runNativeOpOf } from '../../../tensor/op';

/** The names of the op and of its gradient in the tfjs registry. */
export const SPLIT_HEADS = 'SplitHeads';
export const SPLIT_HEADS_GRADIENT = 'SplitHeadsGradient';

/** Each [batch, heads, time, size]. */
export type Heads = [q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D];

export type SplitHeadsInputs = tf.NamedTensorMap & { qkv: tf.Tensor3D };
export type SplitHeadsGradientInputs = tf.NamedTensorMap & {
  dq: tf.Tensor4D;
  dk: tf.Tensor4D;
  dv: tf.Tensor4D;
};
export type SplitHeadsAttrs = { heads: number };

/**
 * Queries, keys and values of each head: qkv [batch, time, 3 heads size] -> three tensors
 * [batch, heads, time, size], owned by the caller. One op on the tape, which keeps nothing.
 */
export function splitHeads(qkv: tf.Tensor, heads: number): Heads {
  const inputs: SplitHeadsInputs = { qkv: qkv as tf.Tensor3D };
  const attrs: SplitHeadsAttrs = { heads };
  return tf.engine().runKernel<tf.Tensor[]>(SPLIT_HEADS, inputs, attrs) as Heads;
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { qkv } = inputs as SplitHeadsInputs;
  const { heads } = attrs as SplitHeadsAttrs;
  const [batch, time, width] = qkv.shape;
  return tf.tidy(() => {
    const parts = qkv.reshape([batch, time, 3, heads, width / (3 * heads)]);
    return tf.unstack(parts.transpose([2, 0, 3, 1, 4]));
  });
};

const plainGradient: tf.KernelFunc = ({ inputs }) => {
  const { dq, dk, dv } = inputs as SplitHeadsGradientInputs;
  const [batch, heads, time, size] = dq.shape;
  return tf.tidy(() =>
    tf
      .stack([dq, dk, dv])
      .transpose([1, 3, 0, 2, 4])
      .reshape([batch, time, 3 * heads * size]),
  );
};

const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { qkv } = inputs as SplitHeadsInputs;
  return runNativeOpOf(3, backend, 'LoraSplitHeads', [qkv], attrs as SplitHeadsAttrs);
};

const nativeGradient: tf.KernelFunc = ({ inputs, backend }) => {
  const { dq, dk, dv } = inputs as SplitHeadsGradientInputs;
  return runNativeOp(backend, 'LoraSplitHeadsGradient', [dq, dk, dv]);
};

export const splitHeadsKernels: Kernels = { plain, native };
export const splitHeadsGradientKernels: Kernels = { plain: plainGradient, native: nativeGradient };

export const splitHeadsGradient: tf.GradConfig = {
  kernelName: SPLIT_HEADS,
  gradFunc: (dys) => {
    const [dq, dk, dv] = dys as Heads;
    const inputs: SplitHeadsGradientInputs = { dq, dk, dv };
    return { qkv: () => tf.engine().runKernel<tf.Tensor>(SPLIT_HEADS_GRADIENT, inputs) };
  },
};
