import type * as tf from '@tensorflow/tfjs';
import { asMatrix, linearProduct, Module } from '../../tensor/nn';

/**
 * h Wᵀ: hidden states [..., hiddenSize] -> logits [..., vocabSize]. It is no linear layer, so
 * `'all-linear'` leaves it alone, as in PEFT.
 */
export class Head extends Module {
  /** [vocabSize, hiddenSize] */
  readonly weight: tf.Variable<tf.Rank.R2>;

  /** `weight` stays the caller's. */
  constructor(weight: tf.Tensor2D) {
    super();
    this.weight = this.shareParameter('weight', weight);
  }

  forward(hidden: tf.Tensor): tf.Tensor {
    return asMatrix(hidden, (x) => linearProduct({ x, weight: this.weight }, { transpose: true }));
  }
}
