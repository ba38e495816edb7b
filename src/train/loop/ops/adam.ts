import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOpOf } from '../../../tensor/op';
import { adamWebGpu } from './adam-webgpu';

type Inputs = { gradient: tf.Tensor; m: tf.Tensor; v: tf.Tensor };
/** β₁, β₂, ε and t, the number of the update, from 1 */
type Attrs = { beta1: number; beta2: number; epsilon: number; step: number };
type Outputs = { update: tf.Tensor; m: tf.Tensor; v: tf.Tensor };

/**
 * m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,
 * update = m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)
 *
 * All tensors have one shape; the outputs are new, owned by the caller. The op has no gradient.
 */
export const adam = defineOp<Inputs, Attrs, Outputs>('Adam', {
  shapes: { gradient: '...', m: '...', v: '...' },
  outputs: ['update', 'm', 'v'],
  reference: ({ gradient, m: oldM, v: oldV }, { beta1, beta2, epsilon, step }) =>
    tf.tidy(() => {
      const m = oldM.mul(beta1).add(gradient.mul(1 - beta1));
      const v = oldV.mul(beta2).add(gradient.square().mul(1 - beta2));
      const root = v.div(1 - beta2 ** step).sqrt();
      return { update: m.div(1 - beta1 ** step).div(root.add(epsilon)), m, v };
    }),
  // Numbers are passed as a tensor: TensorFlow would cache a kernel per value of an attribute.
  native: ({ gradient, m, v }, { beta1, beta2, epsilon, step }) =>
    tf.tidy(() => {
      const corrections = [1 - beta1 ** step, 1 - beta2 ** step];
      const numbers = tf.tensor1d([beta1, 1 - beta1, beta2, 1 - beta2, epsilon, ...corrections]);
      return runNativeOpOf(['update', 'm', 'v'], 'LoraAdam', [gradient, m, v, numbers]);
    }),
  webgpu: adamWebGpu,
});
