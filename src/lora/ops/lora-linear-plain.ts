import * as tf from '@tensorflow/tfjs';
import type { LoRALinearAttrs, LoRALinearInputs } from './lora-linear';
import { lowRankProduct } from './low-rank-product';

/** The kernel in plain tfjs ops, for every backend: the reference that faster ones must equal. */
export const loraLinearPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, w0, A, B, bias } = inputs as LoRALinearInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const base = tf.matMul(x, w0, false, true); // [n, d]
    const h = base.add(lowRankProduct(x, A, B, scaling));
    return bias ? h.add(bias) : h;
  });
};
