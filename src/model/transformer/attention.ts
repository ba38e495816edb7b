import * as tf from '@tensorflow/tfjs';
import { maskedSoftmax } from './ops/masked-softmax';

/** The keys and values of the positions so far, each [batch, kvHeads, positions, size of a head]. */
export type KeyValues = {
  k: tf.Tensor;
  v: tf.Tensor;
};

/**
 * softmax(scale Q Kᵀ + mask) V        (Vaswani et al. 2017, eq. 1)
 *
 * q [batch, heads, time, size], k and v [batch, kvHeads, all, size] -> [batch, time, heads size],
 * owned by the caller. Query heads that share a key head follow each other (Ainslie et al. 2023);
 * they are rows of one product, so keys and values are never copied.
 */
export function attention(
  { q, k, v, mask }: Record<'q' | 'k' | 'v', tf.Tensor> & { mask: tf.Tensor | null },
  scale: number,
): tf.Tensor {
  const [batch, heads, time, size] = q.shape as [number, number, number, number];
  const [, kvHeads, all] = k.shape as [number, number, number];
  const rows = (heads / kvHeads) * time;
  // A head of its own for each query head needs no other shape.
  const as = (x: tf.Tensor, shape: number[]) => (heads === kvHeads ? x : x.reshape(shape));
  return tf.tidy(() => {
    const products = tf.matMul(as(q, [batch, kvHeads, rows, size]), k, false, true);
    const scores = as(products, [batch, heads, time, all]) as tf.Tensor4D;
    const share = maskedSoftmax({ scores, mask }, { scale });
    const seen = tf.matMul(as(share, [batch, kvHeads, rows, all]), v);
    const byHead = as(seen, [batch, heads, time, size]).transpose([0, 2, 1, 3]);
    return byHead.reshape([batch, time, heads * size]);
  });
}

/**
 * Where the text of each position starts (int32): [batch] if each row ends with one text, after
 * padding; [batch, time] if rows hold several, one after another.
 */
export type Starts = tf.Tensor1D | tf.Tensor2D;

/** Which positions a text's positions see. */
export interface Sight {
  /** null if each row is one text from its first position on */
  starts?: Starts | null;
  /** how many positions each one sees, itself included; null for all before it */
  window?: number | null;
}

/**
 * Makes the mask added to the attention scores of the last `time` of `all` positions: 0 for positions
 * that are seen, -1e9 for others: later ones, those before the text, and those before the window. `exp` makes that
 * 0, and a finite number can't turn into NaN. [time, all], or [batch, 1, time, all] with starts; null
 * if all positions are seen.
 */
export function attentionMask(
  time: number,
  all: number,
  { starts = null, window = null }: Sight = {},
): tf.Tensor | null {
  const isCut = window !== null && window < all;
  if (time === 1 && !starts && !isCut) return null;
  return tf.tidy(() => {
    const seen = tf.range(0, all);
    const own = tf.range(all - time, all).expandDims(1); // [time, 1]
    let hidden: tf.Tensor = seen.greater(own); // [time, all]
    if (isCut) hidden = hidden.logicalOr(seen.lessEqual(own.sub(window)));
    if (starts)
      hidden = hidden.logicalOr(seen.less(byPosition(starts).expandDims(1).expandDims(3)));
    return hidden.cast('float32').mul(-1e9);
  });
}

/** Numbers the positions of each text from 0, padding as 0: [time], or [batch, time] with starts. */
export function positions(start: number, end: number, starts: Starts | null): tf.Tensor {
  const range = tf.range(start, end, 1, 'int32');
  return starts ? range.sub(byPosition(starts)).maximum(tf.scalar(0, 'int32')) : range;
}

/** [batch, time], or [batch, 1] if all positions of a row have one start. */
function byPosition(starts: Starts): tf.Tensor {
  return starts.rank === 1 ? starts.expandDims(1) : starts;
}
