import * as tf from '@tensorflow/tfjs';
import { defineOp, type NoAttrs } from '../../tensor/op';
import { crossEntropyRows } from './ops/cross-entropy-rows';
import { rowWeights } from './row-weights';

/**
 * L = Σᵢ wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) / Σᵢ wᵢ
 *
 * Computes the mean next-token cross-entropy over the positions that count: logits z [..., v] ->
 * scalar, owned by the caller. There is one label and one weight (1 unless given) per row of the
 * logits, in row order, on the host. A row with label -1 or -100 does not count. It is one op on
 * the tape, which keeps dL/dz.
 * @throws ShapeError if there is not one label or weight per row, ArgumentError if a label is not in
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
  // A row that does not count has weight 0; its label may be any.
  const places = Int32Array.from(labels, (label) => Math.max(0, label));
  return tf.tidy(() => {
    const z = logits.reshape<tf.Tensor2D>([n, v]);
    return lossOfRows({ z, labels: tf.tensor1d(places, 'int32'), shares: tf.tensor1d(shares) })
      .loss;
  });
}

type Inputs = { z: tf.Tensor2D; labels: tf.Tensor1D; shares: tf.Tensor1D };

/** Sums `crossEntropyRows` of a copy of z; the caller keeps z. */
const lossOfRows = defineOp<Inputs, NoAttrs, { loss: tf.Scalar; dLogits: tf.Tensor2D }>(
  'SparseCrossEntropy',
  {
    shapes: { z: 'n v', labels: 'int32 n', shares: 'n' },
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
