import * as tf from '@tensorflow/tfjs';

/** The softmax of scores [batch, heads, time, all] over the positions that each query sees. */
export interface Softmax {
  /** p = softmax(scale scores); 0 for positions that are not seen */
  forward: (scores: tf.Tensor4D, first: tf.Tensor2D, scale: number) => tf.Tensor4D;
  /** dL/dscores = scale p (dL/dp - Σ p dL/dp) */
  gradient: (dp: tf.Tensor4D, p: tf.Tensor4D, scale: number) => tf.Tensor4D;
}

/** In tfjs ops, for every backend. */
export const softmaxReference: Softmax = {
  forward: (scores, first, scale) => {
    const [, , time, all] = scores.shape;
    return tf.softmax(scores.mul(scale).add<tf.Tensor4D>(hiddenScores(time, all, first)));
  },
  gradient: (dp, p, scale) => {
    const weighted = p.mul(dp);
    return weighted.sub(p.mul(weighted.sum(-1, true))).mul(scale);
  },
};

/** 0 where a query sees a position, and -∞ elsewhere: [1 or batch, 1, time, all] */
function hiddenScores(time: number, all: number, first: tf.Tensor2D): tf.Tensor {
  const position = tf.range(0, all, 1, 'int32');
  const own = tf.range(all - time, all, 1, 'int32').expandDims(1); // [time, 1]
  const isHidden = position.greater(own).logicalOr(position.less(first.expandDims(2)));
  return tf.where(isHidden, tf.scalar(-Infinity), tf.scalar(0)).expandDims(1);
}
