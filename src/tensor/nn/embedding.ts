import * as tf from '@tensorflow/tfjs';
import { assertOptions, ShapeError } from '../errors';
import { Module } from './module';

/** Looks up the rows of a table: ids [...] (int32) -> [..., width] */
export class Embedding extends Module {
  /** [rows, width] */
  readonly weight: tf.Variable<tf.Rank.R2>;

  /**
   * `weight` stays the caller's; its data is shared until training changes it.
   * @throws ShapeError if it is no matrix, ArgumentError if another option is given
   */
  constructor(options: { weight: tf.Tensor2D }) {
    super();
    assertOptions('Embedding', options, { weight: 'required' });
    const { weight } = options;
    const { shape }: tf.Tensor = weight;
    if (shape.length !== 2) {
      throw new ShapeError(`Embedding: weight must be [rows, width], got [${shape.join(', ')}].`);
    }
    this.weight = this.shareParameter('weight', weight);
  }

  forward(ids: tf.Tensor): tf.Tensor {
    return tf.gather(this.weight, ids);
  }
}
