import * as tf from '@tensorflow/tfjs';

/** The keys and values of the positions so far, each [batch, heads, positions, nEmbd / heads]. */
export type KeyValues = {
  k: tf.Tensor;
  v: tf.Tensor;
};

/**
 * What is added to the scores of the last `time` of `all` positions: 0 where a position may look,
 * -1e9 ahead of it and at the padding [batch] before its text: `exp` makes that 0, and a finite
 * number can't turn into NaN. [time, all], or [batch, 1, time, all] with padding; null where every
 * position may look everywhere.
 */
export function attentionMask(
  time: number,
  all: number,
  padding: tf.Tensor1D | null,
): tf.Tensor | null {
  if (time === 1 && !padding) return null;
  return tf.tidy(() => {
    const seen = tf.range(0, all);
    const ahead = seen.greater(tf.range(all - time, all).expandDims(1)); // [time, all]
    const hidden = padding ? ahead.logicalOr(seen.less(padding.reshape([-1, 1, 1, 1]))) : ahead;
    return hidden.cast('float32').mul(-1e9);
  });
}

/** The places of positions in their text, from 0: [time], or [batch, time] with padding. */
export function positions(start: number, end: number, padding: tf.Tensor1D | null): tf.Tensor {
  const range = tf.range(start, end, 1, 'int32');
  return padding ? range.sub(padding.expandDims(1)).maximum(tf.scalar(0, 'int32')) : range;
}
