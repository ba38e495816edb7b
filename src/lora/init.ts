import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../tensor/errors';
import type { Random } from '../tensor/runtime';

/** Draws the first A [r, k], with B = 0, or both A and B [d, r]. The layer owns the result. */
export type Init = (
  shape: [r: number, k: number],
  random: Random,
  d: number,
) => tf.Tensor2D | { A: tf.Tensor2D; B: tf.Tensor2D };

/** A ~ U(-1/√k, 1/√k): Kaiming uniform with a = √5, the default of loralib and PEFT. */
export const kaimingUniform = (([r, k], random) =>
  random.uniform<tf.Rank.R2>([r, k], -1 / Math.sqrt(k), 1 / Math.sqrt(k))) satisfies Init;

/** A ~ N(0, σ²), as the paper has it, with PEFT's σ = 1/r. */
export const gaussian = (([r, k], random) =>
  random.normal<tf.Rank.R2>([r, k], 0, 1 / r)) satisfies Init;

/**
 * A = (X Q₀)ᵀ / 10,  B = Yᵀ Q₁ / 10: neither is zero, yet B A is, as in PEFT's "orthogonal".
 *
 * Q₀ and Q₁ [r/2, r] are every other row of an orthogonal Q [r, r]; X [k, r/2] and Y [r/2, d] are
 * from N(0, 1). Source: datta0.github.io/posts/rethink-lora-init
 * @throws ArgumentError if r is odd
 */
export const orthogonal = (([r, k], random, d) => {
  if (r % 2 !== 0) {
    throw new ArgumentError(`orthogonal: r must be even, got ${r}. Half of Q's rows go to A.`);
  }
  return tf.tidy(() => {
    const normal = (...shape: [number, number]) => random.normal<tf.Rank.R2>(shape, 0, 1);
    const [q] = tf.linalg.qr(normal(r, r));
    const [q0, q1] = tf.unstack(q.reshape([r / 2, 2, r]), 1) as [tf.Tensor2D, tf.Tensor2D];
    const A = tf.matMul<tf.Tensor2D>(q0, normal(k, r / 2), true, true).div<tf.Tensor2D>(10);
    const B = tf.matMul<tf.Tensor2D>(normal(r / 2, d), q1, true).div<tf.Tensor2D>(10);
    return { A, B };
  });
}) satisfies Init;
