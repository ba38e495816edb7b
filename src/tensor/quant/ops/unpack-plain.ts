import * as tf from '@tensorflow/tfjs';
import type { UnpackAttrs } from './unpack';

/** The kernel in plain tfjs ops. Not all backends can shift and mask, so in arithmetic. */
export const unpackPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { first, count } = attrs as unknown as UnpackAttrs;
  return tf.tidy(() => {
    const words = (inputs.words as tf.Tensor1D).slice(first, count);
    const size = tf.scalar(65536, 'int32');
    // wasm divides in float32, where a word next below a multiple of 65536 is rounded up to it:
    // then low is negative.
    const high = tf.floorDiv<tf.Tensor1D>(words, size);
    const low = words.sub<tf.Tensor1D>(high.mul(size));
    const carry = low.less(tf.scalar(0, 'int32')).cast<tf.Tensor1D>('int32');
    const halves = tf.stack([low.add(carry.mul(size)), high.sub(carry)], 1).reshape([-1]);
    // The high half has the word's sign.
    const negative = halves.less(tf.scalar(0, 'int32')).cast<tf.Tensor1D>('int32');
    return halves.add(negative.mul(size));
  });
};
