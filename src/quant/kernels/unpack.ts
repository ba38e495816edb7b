import * as tf from '@tensorflow/tfjs';

/** The op's name in the tfjs registry; it has no gradient. */
export const UNPACK = 'UnpackCodes';

export interface UnpackAttrs {
  bits: 4 | 8;
  /** the first word */
  first: number;
  /** how many words */
  count: number;
}

/**
 * The codes of 4 or 8 bits in some int32 words, first byte lowest, and of a byte the high half
 * first: words [n] -> int32 [32 count / bits], owned by the caller.
 */
export function unpack(words: tf.Tensor1D, attrs: UnpackAttrs): tf.Tensor1D {
  return tf.engine().runKernel<tf.Tensor1D>(UNPACK, { words }, attrs as unknown as tf.NamedAttrMap);
}
