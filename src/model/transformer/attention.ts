import * as tf from '@tensorflow/tfjs';

/** The keys and values of the positions so far, each [batch, kvHeads, positions, size of a head]. */
export type KeyValues = {
  k: tf.Tensor4D;
  v: tf.Tensor4D;
};

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
 * Finds the first position that each of the last `time` of `all` positions sees (int32), [1, time] or
 * [batch, time]: it sees those from there to its own, none before its text and none before its
 * window. Padding before a text sees itself alone.
 */
export function firstSeen(
  time: number,
  all: number,
  { starts = null, window = null }: Sight = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    const own = tf.range(all - time, all, 1, 'int32').expandDims(0); // [1, time]
    const zeros = () => tf.tensor2d(new Int32Array(time), [1, time]); // tf.zeros runs a shader
    const text = starts ? byPosition(starts).minimum(own) : zeros();
    if (window === null || window >= all) return text as tf.Tensor2D;
    return text.maximum<tf.Tensor2D>(own.sub(tf.scalar(window - 1, 'int32')));
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
