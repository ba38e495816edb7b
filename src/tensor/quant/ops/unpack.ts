import * as tf from '@tensorflow/tfjs';
import { defineOp } from '../../op';
import { unpackWebGpu } from './unpack-webgpu';

type Inputs = { words: tf.Tensor1D };
type Attrs = {
  /** the first word */
  first: number;
  /** the number of words */
  count: number;
};

/**
 * The 16-bit halves of some int32 words, the low half first: words [n] -> int32 [2 count], from 0
 * to 65535, owned by the caller. It has no gradient.
 *
 * tfjs's WebGPU kernels, slices too, take int32 through float32 and would round the words to 24
 * bits: there the WGSL kernel is the reference too.
 */
export const unpack = defineOp<Inputs, Attrs, tf.Tensor1D>('UnpackHalves', {
  shapes: { words: 'int32 n' },
  reference: (inputs, attrs) =>
    (tf.getBackend() === 'webgpu' ? unpackWebGpu : unpackByArithmetic)(inputs, attrs),
  webgpu: unpackWebGpu,
});

/** Divides and subtracts: not all backends can shift and mask. */
function unpackByArithmetic({ words: all }: Inputs, { first, count }: Attrs): tf.Tensor {
  return tf.tidy(() => {
    const words = all.slice(first, count);
    const size = tf.scalar(65536, 'int32');
    // wasm divides in float32, and rounds a word just below a multiple of 65536 up to it: then low
    // is negative.
    const high = tf.floorDiv<tf.Tensor1D>(words, size);
    const low = words.sub<tf.Tensor1D>(high.mul(size));
    const carry = low.less(tf.scalar(0, 'int32')).cast<tf.Tensor1D>('int32');
    const halves = tf.stack([low.add(carry.mul(size)), high.sub(carry)], 1).reshape([-1]);
    // The high half has the word's sign.
    const negative = halves.less(tf.scalar(0, 'int32')).cast<tf.Tensor1D>('int32');
    return halves.add(negative.mul(size));
  });
}

/**
 * The numbers that the first halves stand for, float32 [count], owned by the caller.
 * @param table the numbers of each half, [65536 · n]
 */
export function lookUp(table: Float32Array, halves: tf.Tensor1D, count: number): tf.Tensor1D {
  return tf.tidy(() => {
    const rows = tf.tensor2d(table, [2 ** 16, table.length / 2 ** 16]);
    return tf.gather(rows, halves).reshape<tf.Tensor1D>([-1]).slice(0, count);
  });
}
