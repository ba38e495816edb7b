import type * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../errors';
import { Module } from './module';
import { dropout } from './ops/dropout';

/**
 * y = m ⊙ x / (1 - p),  m ~ Bernoulli(1 - p), in training; else y = x        (Srivastava et al. 2014)
 *
 * The division keeps the mean of y at x. Training is between `setTraining(random)` and
 * `setTraining(null)`: each call draws a key from that random, and m follows from the key.
 */
export class Dropout extends Module {
  /** @throws ArgumentError if p is not from 0 to less than 1 */
  constructor(readonly p: number) {
    super();
    if (!(p >= 0 && p < 1)) {
      throw new ArgumentError(`Dropout: p must be from 0 to less than 1, got ${p}.`);
    }
  }

  /** Whether y differs from x: in training, if p > 0. */
  get isActive(): boolean {
    return this.p > 0 && this.training !== null;
  }

  /** x [...] -> y [...] */
  forward<T extends tf.Tensor>(x: T): T {
    const { p, training } = this;
    if (p === 0 || training === null) return x.clone();
    return dropout({ x }, { p, key: training.key() }) as T;
  }
}
