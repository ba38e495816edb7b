import * as tf from '@tensorflow/tfjs';
import type { Attrs, LoRALinearAttrs } from './lora-linear';

/** The op's name in the tfjs registry. */
export const LORA_LINEAR_INPUT_GRADIENT = 'LoRALinearInputGradient';

export type LoRALinearInputGradientInputs = tf.NamedTensorMap & {
  /** dL/dh [n, d] */
  dy: tf.Tensor2D;
  w0: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
  /** s (dy B), [n, r] */
  dS: tf.Tensor2D;
};

/** dL/dx = dy W0 + s (dy B) A, [n, k], owned by the caller. */
export function loraLinearInputGradient(
  inputs: LoRALinearInputGradientInputs,
  attrs: LoRALinearAttrs,
): tf.Tensor2D {
  return tf
    .engine()
    .runKernel<tf.Tensor2D>(LORA_LINEAR_INPUT_GRADIENT, inputs, attrs as unknown as Attrs);
}

/** The kernel in plain tfjs ops. */
export const loraLinearInputGradientPlain: tf.KernelFunc = ({ inputs }) => {
  const { dy, w0, dS, A } = inputs as LoRALinearInputGradientInputs;
  return tf.tidy(() => tf.matMul(dy, w0).add(tf.matMul(dS, A)));
};
