import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';
import { softmaxWebGpu } from './attention-webgpu';
import { type Softmax, softmaxReference } from './softmax';

type Inputs = {
  /** [batch, heads, time, size], the last `time` of all positions */
  q: tf.Tensor4D;
  /** [batch, kvHeads, all, size]; heads that share one follow each other */
  k: tf.Tensor4D;
  v: tf.Tensor4D;
  /** the first position that each query sees (int32), [1, time] or [batch, time] */
  first: tf.Tensor2D;
};
type Attrs = {
  /** 1 / √size */
  scale: number;
};

type GradientInputs = Inputs & { dy: tf.Tensor3D };
type Gradients = Record<'dq' | 'dk' | 'dv', tf.Tensor4D>;
type Kernel<Given, Made> = (inputs: Given, attrs: Attrs) => Made;

const SHAPES = {
  q: 'batch heads time size',
  k: 'batch kvHeads all size',
  v: 'batch kvHeads all size',
  first: ['int32 1 time', 'int32 batch time'],
} as const;

/**
 * y = softmax(scale Q Kᵀ) V over the positions that each query sees      (Vaswani et al. 2017, eq. 1)
 *
 * -> [batch, time, heads size], owned by the caller. A query sees positions from `first` to its own.
 * One op on the tape, which keeps its inputs alone: the gradient computes the softmax again, as
 * FlashAttention does (Dao et al. 2022), so that memory grows with the length and not its square.
 */
export const attention = defineOp<Inputs, Attrs, tf.Tensor3D>('Attention', {
  shapes: SHAPES,
  reference: forwardWith(softmaxReference),
  native: ({ q, k, v, first }, { scale }) =>
    runNativeOp('LoraAttention', [q, k, v, first], { scale }),
  webgpu: forwardWith(softmaxWebGpu),
  saves: ['q', 'k', 'v', 'first'],
  gradient: (dy, inputs, { scale }) => {
    const { dq, dk, dv } = attentionGradient({ ...inputs, dy }, { scale });
    return { q: () => dq, k: () => dk, v: () => dv };
  },
});

/** With p as above and dp = dy Vᵀ: dV = pᵀ dy, ds = scale p (dp - Σ p dp), dQ = ds K, dK = dsᵀ Q. */
const attentionGradient = defineOp<GradientInputs, Attrs, Gradients>('AttentionGradient', {
  shapes: { ...SHAPES, dy: 'batch time width' },
  outputs: ['dq', 'dk', 'dv'],
  reference: gradientWith(softmaxReference),
  native: ({ q, k, v, first, dy }, { scale }) =>
    runNativeOpOf(['dq', 'dk', 'dv'], 'LoraAttentionGradient', [q, k, v, first, dy], { scale }),
  webgpu: gradientWith(softmaxWebGpu),
});

function forwardWith(softmax: Softmax): Kernel<Inputs, tf.TensorInfo> {
  return (inputs, { scale }) =>
    tf.tidy(() => joinHeads(tf.matMul(sharesOf(inputs, softmax, scale), inputs.v), inputs.q));
}

function gradientWith(softmax: Softmax): Kernel<GradientInputs, Gradients> {
  return ({ dy, ...inputs }, { scale }) =>
    tf.tidy(() => {
      const { q, k, v } = inputs;
      const p = sharesOf(inputs, softmax, scale);
      const dOut = splitHeads(dy, q, k);
      const ds = softmax.gradient(tf.matMul(dOut, v, false, true), p, scale);
      const dq = tf.matMul(ds, k).reshape<tf.Tensor4D>(q.shape);
      const dk: tf.Tensor4D = tf.matMul(ds, byKeyHead(q, k), true, false);
      const dv: tf.Tensor4D = tf.matMul(p, dOut, true, false);
      return { dq, dk, dv };
    });
}

/** Softmax of the scores, [batch, kvHeads, heads / kvHeads time, all]. */
function sharesOf({ q, k, first }: Inputs, { forward }: Softmax, scale: number): tf.Tensor4D {
  const [batch, heads, time] = q.shape;
  const [, , all] = k.shape;
  const rows = byKeyHead(q, k);
  const scores: tf.Tensor4D = tf.matMul(rows, k, false, true).reshape([batch, heads, time, all]);
  return forward(scores, first, scale).reshape([...rows.shape.slice(0, 3), all]);
}

/** Makes the queries that share keys rows of one matrix: keys and values are never copied. */
function byKeyHead(q: tf.Tensor4D, k: tf.Tensor4D): tf.Tensor4D {
  const [batch, heads, time, size] = q.shape;
  const kvHeads = k.shape[1];
  return q.reshape([batch, kvHeads, (heads / kvHeads) * time, size]);
}

/** [batch, kvHeads, rows, size] -> [batch, time, heads size] */
function joinHeads(seen: tf.Tensor, { shape: [batch, heads, time, size] }: tf.Tensor4D) {
  const byHead = seen.reshape([batch, heads, time, size]).transpose([0, 2, 1, 3]);
  return byHead.reshape([batch, time, heads * size]);
}

/** The inverse of `joinHeads`. */
function splitHeads(y: tf.Tensor3D, q: tf.Tensor4D, k: tf.Tensor4D): tf.Tensor4D {
  const [batch, heads, time, size] = q.shape;
  const byHead = y.reshape([batch, time, heads, size]).transpose([0, 2, 1, 3]);
  return byKeyHead(byHead as tf.Tensor4D, k);
}
