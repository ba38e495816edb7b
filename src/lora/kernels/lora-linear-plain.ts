import * as tf from '@tensorflow/tfjs';
import type { LoRALinearAttrs, LoRALinearInputs } from './lora-linear';

/**
 * The kernel in plain tfjs ops, for every backend: the reference that faster ones must equal.
 * The scale goes on the [n, r] factor, the smallest; B A [d, k] is never formed.
 */
export const loraLinearPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, w0, A, B, bias } = inputs as LoRALinearInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const base = tf.matMul(x, w0, false, true); // [n, d]
    const low = tf.matMul(x, A, false, true).mul<tf.Tensor2D>(scaling); // [n, r]
    const h = base.add(tf.matMul(low, B, false, true));
    return bias ? h.add(bias) : h;
  });
};
