import * as tf from '@tensorflow/tfjs';
import { defineOp, type NoAttrs } from '../../tensor/op';
import { crossEntropyRows } from './ops/cross-entropy-rows';
import { rowWeights } from './row-weights';

/**
 * L = Σᵢ wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) / Σᵢ wᵢ
 *
 * The mean cross-entropy of next tokens over the positions that count. logits z [..., v] ->
 * scalar, owned by the caller; labels and weights (1 unless given) one a row of the logits, in
 * row order, on the host. A label of -1 does not count. One op on the tape, which keeps dL/dz.
 * @throws ShapeError if labels or weights are not one a row, ArgumentError if a label is not in
 *   the vocabulary, a weight is negative or nothing counts
 */
export function sparseCrossEntropy(
  logits: tf.Tensor,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): tf.Scalar {
  const v = logits.shape.at(-1) ?? 0;
  const n = v === 0 ? 0 : logits.size / v;
  const shares = rowWeights('sparseCrossEntropy', labels, weights, [n, v]);
  // A row that does not count has share 0, and any label.
  const places = Int32Array.from(labels, (label) => Math.max(0, label));
  return tf.tidy(() => {
    const z = logits.reshape<tf.Tensor2D>([n, v]);
    return lossOfRows({ z, labels: tf.tensor1d(places, 'int32'), shares: tf.tensor1d(shares) })
      .loss;
  });
}

type Inputs = { z: tf.Tensor2D; labels: tf.Tensor1D; shares: tf.Tensor1D };

/** The sum of `crossEntropyRows`, on a copy of z, which stays the caller's. */
const lossOfRows = defineOp<Inputs, NoAttrs, { loss: tf.Scalar; dLogits: tf.Tensor2D }>(
  'SparseCrossEntropy',
  {
    outputs: ['loss', 'dLogits'],
    reference: ({ z, labels, shares }) =>
      tf.tidy(() => {
        const { losses, dLogits } = crossEntropyRows({ logits: z.mul(1), labels, shares });
        return { loss: losses.sum(), dLogits };
      }),
    saves: ['dLogits'],
    gradient: ({ loss: dLoss }, { dLogits }) => ({ z: () => dLogits.mul(dLoss) }),
  },
);
