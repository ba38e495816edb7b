import * as tf from '@tensorflow/tfjs';
import { defineOp, type Op, runNativeOp } from '../../op';
import type { Key } from '../../runtime';
import { dropoutWebGpu } from './dropout-webgpu';
import { threefry } from './threefry';

type Inputs = { x: tf.Tensor };
type Attrs = { p: number; key: Key };

/**
 * y = m ⊙ x / (1 - p),  mᵢ = [wᵢ ≥ ⌊2³² p⌋]        (Srivastava et al. 2014)
 *
 * x of any shape -> y, owned by the caller. wᵢ has 32 bits: word i mod 2 of the two that Threefry
 * makes of the key and the counter (⌊i / 2⌋, 0), for element i in row-major order. So m is equal on
 * every backend, and the gradient computes it again: one op on the tape, which keeps nothing.
 *
 * dL/dx = m ⊙ dL/dy / (1 - p), by the same op with the same key.
 */
export const dropout: Op<Inputs, Attrs, tf.Tensor> = defineOp<Inputs, Attrs>('Dropout', {
  shapes: { x: '...' },
  reference: ({ x }, { p, key }) =>
    tf.tidy(() => x.mul(tf.tensor(factorsOf(x.size, p, key), x.shape))),
  // The words go as a tensor: an attribute is a float32, which does not hold them.
  native: ({ x }, { p, key }) => {
    const { threshold, scale } = numbersOf(p);
    return tf.tidy(() => {
      const words = tf.tensor1d(Int32Array.of(...key, threshold));
      return runNativeOp('LoraDropout', [x, words], { scale });
    });
  },
  webgpu: ({ x }, { p, key }) => dropoutWebGpu({ x }, { key, ...numbersOf(p) }),
  gradient: (dy, _, attrs) => ({ x: () => dropout({ x: dy }, attrs) }),
});

/** ⌊2³² p⌋, and the factor of the elements that are kept. */
function numbersOf(p: number): { threshold: number; scale: number } {
  return { threshold: Math.floor(2 ** 32 * p), scale: 1 / (1 - p) };
}

/** m / (1 - p), made on the host. */
function factorsOf(size: number, p: number, key: Key): Float32Array {
  const { threshold, scale } = numbersOf(p);
  const factors = new Float32Array(size);
  const words = new Uint32Array(2);
  for (let i = 0; i < size; i += 2) {
    threefry(words, 0, key, i / 2, 0);
    factors[i] = (words[0] as number) >= threshold ? scale : 0;
    // A write past the end, if the size is odd, has no effect.
    factors[i + 1] = (words[1] as number) >= threshold ? scale : 0;
  }
  return factors;
}
