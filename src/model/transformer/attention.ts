import * as tf from '@tensorflow/tfjs';

/** The keys and values of the positions so far, each [batch, heads, positions, width / heads]. */
export type KeyValues = {
  k: tf.Tensor;
  v: tf.Tensor;
};

/**
 * Makes the mask added to the attention scores of the last `time` of `all` positions: 0 for positions
 * that are seen, -1e9 for later ones and for the padding [batch] before a text. `exp` makes that 0,
 * and a finite number can't turn into NaN. [time, all], or [batch, 1, time, all] with padding; null
 * if all positions are seen.
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

/** Numbers the positions of each text from 0: [time], or [batch, time] with padding. */
export function positions(start: number, end: number, padding: tf.Tensor1D | null): tf.Tensor {
  const range = tf.range(start, end, 1, 'int32');
  return padding ? range.sub(padding.expandDims(1)).maximum(tf.scalar(0, 'int32')) : range;
}
