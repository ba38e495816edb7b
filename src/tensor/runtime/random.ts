import * as tf from '@tensorflow/tfjs';
import { Draw } from './draw';

/** A key of a counter-based generator: two words of 32 bits, signed or not. */
export type Key = readonly [number, number];

/**
 * Seeded random tensors, and keys for more. The numbers are drawn on the host, one after another,
 * so the same seed gives the same tensors on every accelerator.
 */
export class Random {
  private readonly draw: Draw;

  /** @throws ArgumentError if the seed is not an integer */
  constructor(seed: number) {
    this.draw = new Draw(seed);
  }

  /** float32 tensor of this shape, each entry from U(low, high); owned by the caller. */
  uniform<R extends tf.Rank>(shape: tf.ShapeMap[R], low: number, high: number): tf.Tensor<R> {
    return this.fill<R>(shape, () => low + (high - low) * this.draw.unit());
  }

  /** float32 tensor of this shape, each entry from N(mean, std²); owned by the caller. */
  normal<R extends tf.Rank>(shape: tf.ShapeMap[R], mean: number, std: number): tf.Tensor<R> {
    return this.fill<R>(shape, () => mean + std * this.standardNormal());
  }

  /** A new key at each call. */
  key(): Key {
    return [this.draw.word(), this.draw.word()];
  }

  /**
   * Remembers this place in the numbers. `work`, given to the result, draws again what follows here;
   * after it the numbers go on as if it had drawn none.
   */
  remember(): <T>(work: () => T) => T {
    const { draw } = this;
    const then = draw.place;
    return (work) => {
      const now = draw.place;
      draw.place = then;
      try {
        return work();
      } finally {
        draw.place = now;
      }
    };
  }

  /** Box-Muller (1958); 1 - u lies in (0, 1], so the logarithm is finite. */
  private standardNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.draw.unit()));
    return radius * Math.cos(2 * Math.PI * this.draw.unit());
  }

  private fill<R extends tf.Rank>(shape: tf.ShapeMap[R], draw: () => number): tf.Tensor<R> {
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = draw();
    return tf.tensor<R>(values, shape, 'float32');
  }
}
