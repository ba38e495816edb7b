import * as tf from '@tensorflow/tfjs';
import type { UnpackAttrs } from './unpack';

/** What to divide 16 bits by, to bring each code in turn to the lowest place. */
const DIVISORS = {
  /** two codes a byte, the first in the high half */
  4: [16, 1, 4096, 256],
  8: [1, 256],
};

/**
 * The kernel in plain tfjs ops. Not all backends can shift and mask, so in arithmetic; and wasm
 * divides int32 in float32, so by halves of 16 bits, which are exact there.
 */
export const unpackPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { bits, first, count } = attrs as unknown as UnpackAttrs;
  return tf.tidy(() => {
    const words = (inputs.words as tf.Tensor1D).slice(first, count);
    const halves = tf.stack(splitWords(words), 1).expandDims(2); // [n, 2, 1]
    const divisors = tf.tensor3d(DIVISORS[bits], [1, 1, DIVISORS[bits].length], 'int32');
    const shifted = tf.floorDiv(halves, divisors);
    return tf.mod(shifted, tf.scalar(2 ** bits, 'int32')).reshape([-1]);
  });
};

/** word = 65536 high + low, 0 <= low < 65536. */
function splitWords(words: tf.Tensor1D): [low: tf.Tensor1D, high: tf.Tensor1D] {
  const size = tf.scalar(65536, 'int32');
  // In float32 a word next below a multiple of 65536 is rounded up to it: then low is negative.
  const high = tf.floorDiv<tf.Tensor1D>(words, size);
  const low = words.sub<tf.Tensor1D>(high.mul(size));
  const carry = low.less(tf.scalar(0, 'int32')).cast<tf.Tensor1D>('int32');
  return [low.add(carry.mul(size)), high.sub(carry)];
}
