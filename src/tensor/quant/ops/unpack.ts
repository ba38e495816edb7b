import * as tf from '@tensorflow/tfjs';

/** The op's name in the tfjs registry; it has no gradient. */
export const UNPACK = 'UnpackHalves';

export interface UnpackAttrs {
  /** the first word */
  first: number;
  /** how many words */
  count: number;
}

/**
 * The halves, of 16 bits, of some int32 words, the low one first:
 * words [n] -> int32 [2 count], 0 to 65535, owned by the caller.
 */
export function unpack(words: tf.Tensor1D, attrs: UnpackAttrs): tf.Tensor1D {
  return tf.engine().runKernel<tf.Tensor1D>(UNPACK, { words }, attrs as unknown as tf.NamedAttrMap);
}

/**
 * The first `count` of the numbers that halves stand for, float32, owned by the caller.
 * @param table those of each half, [65536 · n]
 */
export function lookUp(table: Float32Array, halves: tf.Tensor1D, count: number): tf.Tensor1D {
  return tf.tidy(() => {
    const rows = tf.tensor2d(table, [2 ** 16, table.length / 2 ** 16]);
    return tf.gather(rows, halves).reshape<tf.Tensor1D>([-1]).slice(0, count);
  });
}
