import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOpOf } from '../../../tensor/op';

/** The op's name in the tfjs registry. */
export const CROSS_ENTROPY_ROWS = 'CrossEntropyRows';

export type CrossEntropyRowsInputs = tf.NamedTensorMap & {
  /** z [m, v] */
  logits: tf.Tensor2D;
  /** [m] int32, each in the vocabulary */
  labels: tf.Tensor1D;
  /** wᵢ / Σ w, [m] */
  shares: tf.Tensor1D;
};

/**
 * Of each row its part in the loss, wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) [m], and the gradient of
 * that, wᵢ (softmax zᵢ - onehot) [m, v], both owned by the caller. The logits are freed: a kernel
 * may write the gradient in their place.
 */
export function crossEntropyRows(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  shares: tf.Tensor1D,
): [losses: tf.Tensor1D, gradient: tf.Tensor2D] {
  const inputs: CrossEntropyRowsInputs = { logits, labels, shares };
  const [losses, gradient] = tf.engine().runKernel<tf.Tensor[]>(CROSS_ENTROPY_ROWS, inputs);
  logits.dispose();
  return [losses as tf.Tensor1D, gradient as tf.Tensor2D];
}

/** The kernel in plain tfjs ops; the one-hot is subtracted at its m places only. */
const plain: tf.KernelFunc = ({ inputs }) => {
  const { logits, labels, shares } = inputs as CrossEntropyRowsInputs;
  return tf.tidy(() => {
    const [m, v] = logits.shape;
    const shifted = logits.sub(logits.max(1, true)); // ≤ 0: exp is finite at any finite z
    const powers = shifted.exp();
    const sum = powers.sum(1); // [m]
    const places = tf.range(0, m * v, v, 'int32').add(labels);
    const losses = sum.log().sub(tf.gather(shifted.flatten(), places)).mul(shares);
    const scaled = powers.mul(shares.div(sum).expandDims(1)).flatten();
    const chosen = tf.gather(scaled, places).sub(shares);
    const gradient = tf.tensorScatterUpdate(scaled, places.expandDims(1), chosen);
    return [losses, gradient.reshape([m, v])];
  });
};

/** The gradient comes in the place of the logits. */
const native: tf.KernelFunc = ({ inputs, backend }) => {
  const { logits, labels, shares } = inputs as CrossEntropyRowsInputs;
  return runNativeOpOf(2, backend, 'LoraCrossEntropyRows', [logits, labels, shares]);
};

export const crossEntropyRowsKernels: Kernels = { plain, native };
