import * as tf from '@tensorflow/tfjs';

/** The mean loss of the tokens that are learned, those of all batches together. */
export function stepLoss(batches: { losses: tf.Tensor2D; mask: tf.Tensor2D }[]): tf.Scalar {
  return tf.tidy(() => {
    const sums = batches.map(({ losses, mask }) => losses.mul(mask).sum());
    const counts = batches.map(({ mask }) => mask.sum());
    return tf.stack(sums).sum().div(tf.stack(counts).sum());
  });
}
