import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../../tensor/errors';
import { registerOp } from '../../tensor/op';
import { crossEntropyRows } from './ops/cross-entropy-rows';
import { rowWeights } from './row-weights';

/** The op's name in the tfjs registry. */
const LINEAR_CROSS_ENTROPY = 'LinearCrossEntropy';

/** Logits that are in memory at one time: 64 MB. Fewer rows, and a product is slower. */
const CHUNK = 2 ** 24;

type Inputs = tf.NamedTensorMap & {
  /** h [n, k] */
  hidden: tf.Tensor2D;
  /** W [v, k] */
  weight: tf.Tensor2D;
};

/** The rows of h that count, with label and share of each. */
interface Counted {
  rows: Int32Array;
  labels: Int32Array;
  shares: Float32Array;
}

/**
 * L = Σᵢ wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) / Σᵢ wᵢ,  z = h Wᵀ
 *
 * The mean cross-entropy of next tokens, head included: hidden h [..., k], the head W [v, k] ->
 * scalar, owned by the caller; labels and weights as in `sparseCrossEntropy`, which is the same
 * from logits. Only the rows that count are multiplied, some at a time: logits [n, v] are never
 * whole in memory. dL/dh is computed on the way, while a row's logits are there; that of W, if it
 * is asked for, from logits computed again.
 * @throws ShapeError if labels or weights are not one a row or h does not fit W, ArgumentError if
 *   a label is not in the vocabulary, a weight is negative or nothing counts
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
  return tf.tidy(() => {
    const inputs: Inputs = { hidden: hidden.reshape([n, k]), weight };
    const attrs = counted as unknown as tf.NamedAttrMap;
    const [loss] = tf.engine().runKernel<tf.Tensor[]>(LINEAR_CROSS_ENTROPY, inputs, attrs);
    return loss as tf.Scalar;
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

/** The loss; and dL/dh [n, k], if a gradient will be asked for. */
const kernel: tf.KernelFunc = ({ inputs, attrs }) => {
  const { hidden, weight } = inputs as Inputs;
  const counted = attrs as unknown as Counted;
  const isTaped = tf.engine().state.gradientDepth > 0;
  return tf.tidy(() => {
    const parts = chunksOf(counted, weight.shape[0]).map((chunk) =>
      tf.tidy(() => {
        const { losses, dLogits } = logitsOf(hidden, weight, chunk);
        return [losses.sum(), ...(isTaped ? [tf.matMul<tf.Tensor2D>(dLogits, weight)] : [])];
      }),
    );
    const loss = tf.stack(parts.map(([sum]) => sum as tf.Tensor)).sum();
    const dRows = parts.flatMap(([, part]) => part ?? []) as tf.Tensor2D[];
    return isTaped ? [loss, placeRows(tf.concat2d(dRows, 0), counted.rows, hidden.shape)] : [loss];
  });
};

const gradient: tf.GradConfig = {
  kernelName: LINEAR_CROSS_ENTROPY,
  inputsToSave: ['hidden', 'weight'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [dLoss] = dys as [tf.Scalar];
    const [hidden, weight, dHidden] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return {
      hidden: () => dHidden.mul(dLoss),
      weight: () => dWeight(hidden, weight, attrs as unknown as Counted).mul(dLoss),
    };
  },
};

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

/** Of the rows of a chunk: h [m, k], the losses [m] and dL/dz [m, v]. */
function logitsOf(hidden: tf.Tensor2D, weight: tf.Tensor2D, { rows, labels, shares }: Counted) {
  const h = tf.gather(hidden, tf.tensor1d(rows, 'int32'));
  const logits = tf.matMul<tf.Tensor2D>(h, weight, false, true);
  const label = tf.tensor1d(labels, 'int32');
  const [losses, dLogits] = crossEntropyRows(logits, label, tf.tensor1d(shares));
  return { h, losses, dLogits };
}

/** Rows at their places among zeros: [rows, k] -> [n, k] */
function placeRows(values: tf.Tensor2D, rows: Int32Array, shape: [number, number]): tf.Tensor2D {
  if (rows.length === shape[0]) return values;
  return tf.scatterND(tf.tensor2d(rows, [rows.length, 1], 'int32'), values, shape);
}

/** Enters the op in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerLinearCrossEntropy(): void {
  registerOp(LINEAR_CROSS_ENTROPY, { plain: kernel });
  tf.registerGradient(gradient);
}
