import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../tensor/op';
import { rowWeights } from './row-weights';

/** The op's name in the tfjs registry. */
const SPARSE_CROSS_ENTROPY = 'SparseCrossEntropy';

type Inputs = tf.NamedTensorMap & {
  /** z [n, v] */
  logits: tf.Tensor2D;
  /** where in the flat logits the label's is, [n, 1] int32; anywhere where the share is 0 */
  position: tf.Tensor2D;
  /** wᵢ / Σ w, 0 where ignored, [n] */
  share: tf.Tensor1D;
};

/**
 * L = Σᵢ wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) / Σᵢ wᵢ
 *
 * The mean cross-entropy of next tokens over the positions that count. logits z [..., v] ->
 * scalar, owned by the caller; labels and weights (1 unless given) one a row of the logits, in
 * row order, on the host. A label of -1 does not count. One op on the tape; neither it nor its
 * gradient makes a one-hot [n, v].
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
  return tf.tidy(() => {
    const inputs: Inputs = {
      logits: logits.reshape([n, v]),
      position: tf.tensor2d(
        Int32Array.from(labels, (label, i) => i * v + Math.max(0, label)),
        [n, 1],
        'int32',
      ),
      share: tf.tensor1d(shares),
    };
    const [loss] = tf.engine().runKernel<tf.Tensor[]>(SPARSE_CROSS_ENTROPY, inputs);
    return loss as tf.Scalar;
  });
}

/**
 * log Σ exp z = max z + log Σ exp(z - max z): finite at any finite z. It is handed out beside
 * the loss because the gradient needs it. Plain ops on every backend: TensorFlow's own
 * SparseSoftmaxCrossEntropyWithLogits, once its gradient is scaled, takes as long.
 */
const kernel: tf.KernelFunc = ({ inputs }) => {
  const { logits, position, share } = inputs as Inputs;
  return tf.tidy(() => {
    const logSum = tf.logSumExp(logits, 1); // [n]
    const chosen = tf.gather(logits.flatten(), position.flatten()); // [n]
    return [logSum.sub(chosen).mul(share).sum(), logSum];
  });
};

/** dL/dz = (softmax z - onehot) w / Σ w, the one-hot subtracted at its n places only. */
const gradient: tf.GradConfig = {
  kernelName: SPARSE_CROSS_ENTROPY,
  inputsToSave: ['logits', 'position', 'share'],
  outputsToSave: [false, true],
  gradFunc: (dy, saved) => {
    const [dLoss] = dy as [tf.Scalar, tf.Tensor1D];
    const [logits, position, share, logSum] = saved as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    return {
      logits: () => {
        const scale = share.mul(dLoss); // [n]
        const softmax = logits.sub(logSum.expandDims(1)).exp();
        const scaled = softmax.mul(scale.expandDims(1)).flatten(); // [n v]
        const chosen = tf.gather(scaled, position.flatten()).sub(scale);
        return tf.tensorScatterUpdate(scaled, position, chosen).reshape(logits.shape);
      },
    };
  },
};

/** Enters the op in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerSparseCrossEntropy(): void {
  registerOp(SPARSE_CROSS_ENTROPY, { plain: kernel });
  tf.registerGradient(gradient);
}
