import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';
import { splitHeadsGradientWebGpu, splitHeadsWebGpu } from './split-heads-webgpu';

/** Each [batch, heads, time, size]. */
type Heads = { q: tf.Tensor4D; k: tf.Tensor4D; v: tf.Tensor4D };

/**
 * Splits queries, keys and values into heads: qkv [batch, time, 3 heads size] -> q, k and v, each
 * [batch, heads, time, size], owned by the caller. One op on the tape, which keeps nothing.
 */
export const splitHeads = defineOp<{ qkv: tf.Tensor }, { heads: number }, Heads>('SplitHeads', {
  shapes: { qkv: 'batch time width' },
  outputs: ['q', 'k', 'v'],
  reference: ({ qkv }, { heads }) =>
    tf.tidy(() => {
      const [batch, time, width] = qkv.shape as [number, number, number];
      const parts = qkv.reshape([batch, time, 3, heads, width / (3 * heads)]);
      const [q, k, v] = tf.unstack(parts.transpose([2, 0, 3, 1, 4]));
      return { q, k, v } as Heads;
    }),
  native: ({ qkv }, { heads }) =>
    runNativeOpOf(['q', 'k', 'v'], 'LoraSplitHeads', [qkv], { heads }),
  webgpu: splitHeadsWebGpu,
  gradient: ({ q: dq, k: dk, v: dv }) => ({ qkv: () => splitHeadsGradient({ dq, dk, dv }) }),
});

/** Joins dL/dq, dL/dk and dL/dv to dL/dqkv [batch, time, 3 heads size]. */
const splitHeadsGradient = defineOp<Record<'dq' | 'dk' | 'dv', tf.Tensor4D>>('SplitHeadsGradient', {
  shapes: {
    dq: 'batch heads time size',
    dk: 'batch heads time size',
    dv: 'batch heads time size',
  },
  reference: ({ dq, dk, dv }) =>
    tf.tidy(() => {
      const [batch, heads, time, size] = dq.shape;
      const parts = tf.stack([dq, dk, dv]).transpose([1, 3, 0, 2, 4]);
      return parts.reshape([batch, time, 3 * heads * size]);
    }),
  native: ({ dq, dk, dv }) => runNativeOp('LoraSplitHeadsGradient', [dq, dk, dv]),
  webgpu: splitHeadsGradientWebGpu,
});
