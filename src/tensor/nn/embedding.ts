import * as tf from '@tensorflow/tfjs';
import { Module } from './module';

/** Looks up the rows of a table: ids [...] (int32) -> [..., width] */
export class Embedding extends Module {
  /** [rows, width] */
  readonly weight: tf.Variable<tf.Rank.R2>;

  /** `weight` stays the caller's; its data is shared until training changes it. */
  constructor({ weight }: { weight: tf.Tensor2D }) {
    super();
    this.weight = this.shareParameter('weight', weight);
  }

  forward(ids: tf.Tensor): tf.Tensor {
    return tf.gather(this.weight, ids);
  }
}
