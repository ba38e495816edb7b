import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../../tensor/errors';
import { defineOp } from '../../tensor/op';
import { crossEntropyRows } from './ops/cross-entropy-rows';
import { rowWeights } from './row-weights';

/** Number of logits in memory at one time: 64 MB. Products of fewer rows are slower. */
const CHUNK = 2 ** 24;

type Inputs = {
  /** h [n, k] */
  hidden: tf.Tensor2D;
  /** W [v, k] */
  weight: tf.Tensor2D;
};

/** Holds dL/dh [n, k] only if a gradient will be computed. */
type Outputs = { loss: tf.Scalar; dHidden?: tf.Tensor2D };

/** The rows of h that count, each with its label and weight. */
interface Counted {
  rows: Int32Array;
  labels: Int32Array;
  shares: Float32Array;
}

/**
 * L = Σᵢ wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) / Σᵢ wᵢ,  z = h Wᵀ
 *
 * Computes the mean next-token cross-entropy with the head included: hidden h [..., k], head
 * W [v, k] -> scalar, owned by the caller. Labels and weights are as in `sparseCrossEntropy`, which
 * takes logits instead. Only rows that count are multiplied, in chunks: the logits [n, v] are never
 * in memory as a whole. dL/dh is computed in the forward pass, from the logits of each chunk;
 * dL/dW, if needed, from logits computed again.
 * @throws ShapeError if there is not one label or weight per row or h does not fit W,
 *   ArgumentError if a label is not in the vocabulary, a weight is negative or nothing counts
 */
export function linearCrossEntropy(
  hidden: tf.Tensor,
  weight: tf.Tensor2D,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): tf.Scalar {
  const [v, k] = weight.shape;
  if (hidden.shape.at(-1) !== k) {
    throw new ShapeError(
      `linearCrossEntropy: the last axis of hidden must be ${k} to fit weight [${v}, ${k}], got shape [${hidden.shape.join(', ')}].`,
    );
  }
  const n = hidden.size / k;
  const counted = countedOf(labels, rowWeights('linearCrossEntropy', labels, weights, [n, v]));
  if (counted.rows.length === 0) return tf.scalar(0);
  return tf.tidy(() => {
    const h = hidden.reshape<tf.Tensor2D>([n, k]);
    return lossOfHead({ hidden: h, weight }, counted).loss;
  });
}

function countedOf(labels: ArrayLike<number>, shares: Float32Array): Counted {
  const rows = Int32Array.from(shares.keys()).filter((row) => shares[row] !== 0);
  return {
    rows,
    labels: Int32Array.from(rows, (row) => labels[row] as number),
    shares: Float32Array.from(rows, (row) => shares[row] as number),
  };
}

/** `crossEntropyRows` of h Wᵀ, chunk by chunk; it has no kernels of its own. */
const lossOfHead = defineOp<Inputs, Counted, Outputs>('LinearCrossEntropy', {
  shapes: { hidden: 'n k', weight: 'v k' },
  outputs: ['loss', 'dHidden'],
  reference: sumOverChunks,
  saves: ['hidden', 'weight', 'dHidden'],
  gradient: ({ loss: dLoss }, { hidden, weight, dHidden }, counted) => ({
    hidden: () => (dHidden as tf.Tensor2D).mul(dLoss),
    weight: () => dWeight(hidden, weight, counted).mul(dLoss),
  }),
});

function sumOverChunks({ hidden, weight }: Inputs, counted: Counted): Outputs {
  const isTaped = tf.engine().state.gradientDepth > 0;
  return tf.tidy((): Outputs => {
    const parts = chunksOf(counted, weight.shape[0]).map((chunk) =>
      tf.tidy(() => {
        const { losses, dLogits } = logitsOf(hidden, weight, chunk);
        return [losses.sum(), ...(isTaped ? [tf.matMul<tf.Tensor2D>(dLogits, weight)] : [])];
      }),
    );
    const loss = tf.stack(parts.map(([sum]) => sum as tf.Tensor)).sum<tf.Scalar>();
    if (!isTaped) return { loss };
    const dRows = tf.concat2d(parts.flatMap(([, part]) => part ?? []) as tf.Tensor2D[], 0);
    return { loss, dHidden: placeRows(dRows, counted.rows, hidden.shape) };
  });
}

/** dL/dW = Σ (dL/dz)ᵀ h [v, k] */
function dWeight(hidden: tf.Tensor2D, weight: tf.Tensor2D, counted: Counted): tf.Tensor2D {
  let sum: tf.Tensor2D = tf.zerosLike(weight);
  for (const chunk of chunksOf(counted, weight.shape[0])) {
    const before = sum;
    sum = tf.tidy(() => {
      const { h, dLogits } = logitsOf(hidden, weight, chunk);
      return before.add(tf.matMul(dLogits, h, true, false));
    });
    before.dispose();
  }
  return sum;
}

function chunksOf({ rows, labels, shares }: Counted, v: number): Counted[] {
  const count = Math.ceil((rows.length * v) / CHUNK);
  const size = Math.ceil(rows.length / count);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => {
    const [start, end] = [i * size, (i + 1) * size];
    return {
      rows: rows.subarray(start, end),
      labels: labels.subarray(start, end),
      shares: shares.subarray(start, end),
    };
  });
}

/** Computes h [m, k], the losses [m] and dL/dz [m, v] of a chunk's rows. */
function logitsOf(hidden: tf.Tensor2D, weight: tf.Tensor2D, { rows, labels, shares }: Counted) {
  const h = tf.gather(hidden, tf.tensor1d(rows, 'int32'));
  const logits = tf.matMul<tf.Tensor2D>(h, weight, false, true);
  const label = tf.tensor1d(labels, 'int32');
  return { h, ...crossEntropyRows({ logits, labels: label, shares: tf.tensor1d(shares) }) };
}

/** Scatters rows into zeros: [rows, k] -> [n, k] */
function placeRows(values: tf.Tensor2D, rows: Int32Array, shape: [number, number]): tf.Tensor2D {
  if (rows.length === shape[0]) return values;
  return tf.scatterND(tf.tensor2d(rows, [rows.length, 1], 'int32'), values, shape);
}
