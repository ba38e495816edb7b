import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOp } from '../../op';
import type { Key } from '../../runtime';
import { threefry } from './threefry';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const DROPOUT = 'Dropout';

export type DropoutInputs = tf.NamedTensorMap & { x: tf.Tensor };
export type DropoutAttrs = { p: number; key: Key };

/**
 * y = m ⊙ x / (1 - p),  mᵢ = [wᵢ ≥ ⌊2³² p⌋]        (Srivastava et al. 2014)
 *
 * x of any shape -> y, owned by the caller. wᵢ is of 32 bits: word i mod 2 of the two that Threefry
 * makes of the key and the counter (⌊i / 2⌋, 0), for the element i in row-major order. So m is the
 * same on every backend, and backward makes it again: one op on the tape, which keeps nothing.
 */
export function dropout<T extends tf.Tensor>(x: T, p: number, key: Key): T {
  const inputs: DropoutInputs = { x };
  const attrs: DropoutAttrs = { p, key };
  return tf.engine().runKernel<T>(DROPOUT, inputs, attrs);
}

/** ⌊2³² p⌋, and what the kept are multiplied by. */
export function dropoutNumbers(p: number): { threshold: number; scale: number } {
  return { threshold: Math.floor(2 ** 32 * p), scale: 1 / (1 - p) };
}

/** The kernel in plain tfjs ops, with a mask made on the host. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x } = inputs as DropoutInputs;
  const { p, key } = attrs as unknown as DropoutAttrs;
  return tf.tidy(() => x.mul(tf.tensor(factorsOf(x.size, p, key), x.shape)));
};

/** m / (1 - p) */
function factorsOf(size: number, p: number, key: Key): Float32Array {
  const { threshold, scale } = dropoutNumbers(p);
  const factors = new Float32Array(size);
  const words = new Uint32Array(2);
  for (let i = 0; i < size; i += 2) {
    threefry(words, 0, key, i / 2, 0);
    factors[i] = (words[0] as number) >= threshold ? scale : 0;
    // Past the end, where the size is odd, it has no effect.
    factors[i + 1] = (words[1] as number) >= threshold ? scale : 0;
  }
  return factors;
}

/** The words go as a tensor: an attribute is a float32, which does not hold them. */
const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x } = inputs as DropoutInputs;
  const { p, key } = attrs as unknown as DropoutAttrs;
  const { threshold, scale } = dropoutNumbers(p);
  return tf.tidy(() => {
    const words = tf.tensor1d(Int32Array.of(...key, threshold));
    return runNativeOp(backend, 'LoraDropout', [x, words], { scale });
  });
};

export const dropoutKernels: Kernels = { plain, native };

/** dL/dx = m ⊙ dL/dy / (1 - p): the same op, with the same key. */
export const dropoutGradient: tf.GradConfig = {
  kernelName: DROPOUT,
  gradFunc: (dy, _, attrs) => {
    const { p, key } = attrs as unknown as DropoutAttrs;
    return { x: () => dropout(dy as tf.Tensor, p, key) };
  },
};
