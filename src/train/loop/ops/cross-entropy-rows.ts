import * as tf from '@tensorflow/tfjs';
import { defineOp, type NoAttrs, runNativeOpOf } from '../../../tensor/op';
import { crossEntropyRowsWebGpu } from './cross-entropy-rows-webgpu';

type Inputs = {
  /** z [m, v] */
  logits: tf.Tensor2D;
  /** [m] int32, each in the vocabulary */
  labels: tf.Tensor1D;
  /** wᵢ / Σ w, [m] */
  shares: tf.Tensor1D;
};
type Outputs = { losses: tf.Tensor1D; dLogits: tf.Tensor2D };

/**
 * Computes each row's part of the loss, wᵢ (log Σⱼ exp zᵢⱼ - zᵢ,labelᵢ) [m], and its gradient,
 * wᵢ (softmax zᵢ - onehot) [m, v], both owned by the caller. The logits are freed: a kernel may
 * overwrite them with the gradient.
 */
export const crossEntropyRows = defineOp<Inputs, NoAttrs, Outputs>('CrossEntropyRows', {
  shapes: { logits: 'm v', labels: 'int32 m', shares: 'm' },
  outputs: ['losses', 'dLogits'],
  consumes: 'logits',
  // The one-hot is subtracted at its m positions only.
  reference: ({ logits, labels, shares }) =>
    tf.tidy(() => {
      const [m, v] = logits.shape;
      const shifted = logits.sub(logits.max(1, true)); // ≤ 0: exp is finite at any finite z
      const powers = shifted.exp();
      const sum = powers.sum(1); // [m]
      const places = tf.range(0, m * v, v, 'int32').add(labels);
      const losses = sum.log().sub(tf.gather(shifted.flatten(), places)).mul(shares);
      const scaled = powers.mul(shares.div(sum).expandDims(1)).flatten();
      const chosen = tf.gather(scaled, places).sub(shares);
      const dLogits = tf.tensorScatterUpdate(scaled, places.expandDims(1), chosen);
      return { losses, dLogits: dLogits.reshape([m, v]) };
    }),
  native: ({ logits, labels, shares }) =>
    runNativeOpOf(['losses', 'dLogits'], 'LoraCrossEntropyRows', [logits, labels, shares]),
  webgpu: crossEntropyRowsWebGpu,
});
