import * as tf from '@tensorflow/tfjs';
import { alea } from 'seedrandom';
import { ArgumentError } from '../errors';

/** Two words of 32 bits, signed or not, of which a counter-based generator makes its numbers. */
export type Key = readonly [number, number];

/**
 * Seeded random tensors, and keys for more. The numbers are drawn on the host (Alea, J. Baagøe
 * 2010), one after another, so the same seed gives the same tensors on every accelerator.
 */
export class Random {
  private readonly next: () => number;
  private readonly nextWord: () => number;

  /** @throws ArgumentError if the seed is not an integer */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new ArgumentError(`Random: seed must be an integer, got ${seed}.`);
    }
    // As text: Alea takes a falsy seed, 0 among them, for "none given".
    const generator = alea(`${seed}`);
    this.next = () => generator.double();
    this.nextWord = () => generator.int32();
  }

  /** float32 tensor of this shape, each entry from U(low, high); owned by the caller. */
  uniform<R extends tf.Rank>(shape: tf.ShapeMap[R], low: number, high: number): tf.Tensor<R> {
    return this.fill<R>(shape, () => low + (high - low) * this.next());
  }

  /** float32 tensor of this shape, each entry from N(mean, std²); owned by the caller. */
  normal<R extends tf.Rank>(shape: tf.ShapeMap[R], mean: number, std: number): tf.Tensor<R> {
    return this.fill<R>(shape, () => mean + std * this.standardNormal());
  }

  /** Another at each call. */
  key(): Key {
    return [this.nextWord(), this.nextWord()];
  }

  /** Box-Muller (1958); 1 - u lies in (0, 1], so the logarithm is finite. */
  private standardNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  private fill<R extends tf.Rank>(shape: tf.ShapeMap[R], draw: () => number): tf.Tensor<R> {
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = draw();
    return tf.tensor<R>(values, shape, 'float32');
  }
}
