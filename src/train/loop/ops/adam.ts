import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOpOf } from '../../../tensor/op';

/** The op's name in the tfjs registry. */
export const ADAM = 'Adam';

export type AdamInputs = tf.NamedTensorMap & { gradient: tf.Tensor; m: tf.Tensor; v: tf.Tensor };

/** β₁, β₂, ε, and t, which update it is, from 1 */
export type AdamAttrs = { beta1: number; beta2: number; epsilon: number; step: number };

/**
 * m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,
 * update = m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)
 *
 * All of one shape; new tensors, owned by the caller. It has no gradient.
 */
export function adam(
  gradient: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  attrs: AdamAttrs,
): { update: tf.Tensor; m: tf.Tensor; v: tf.Tensor } {
  const inputs: AdamInputs = { gradient, m, v };
  const made = tf.engine().runKernel<tf.Tensor[]>(ADAM, inputs, attrs);
  const [update, newM, newV] = made as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { update, m: newM, v: newV };
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { gradient, m: oldM, v: oldV } = inputs as AdamInputs;
  const { beta1, beta2, epsilon, step } = attrs as AdamAttrs;
  return tf.tidy(() => {
    const m = oldM.mul(beta1).add(gradient.mul(1 - beta1));
    const v = oldV.mul(beta2).add(gradient.square().mul(1 - beta2));
    const root = v.div(1 - beta2 ** step).sqrt();
    return [m.div(1 - beta1 ** step).div(root.add(epsilon)), m, v];
  });
};

/** Numbers go as a tensor: TensorFlow would keep a kernel for each value of an attribute. */
const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { gradient, m, v } = inputs as AdamInputs;
  const { beta1, beta2, epsilon, step } = attrs as AdamAttrs;
  return tf.tidy(() => {
    const corrections = [1 - beta1 ** step, 1 - beta2 ** step];
    const numbers = [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, ...corrections];
    return runNativeOpOf(3, backend, 'LoraAdam', [gradient, m, v, tf.tensor1d(numbers)]);
  });
};

export const adamKernels: Kernels = { plain, native };
