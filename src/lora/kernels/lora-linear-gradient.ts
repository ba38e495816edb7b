import * as tf from '@tensorflow/tfjs';
import { LORA_LINEAR, type LoRALinearAttrs } from './lora-linear';

/**
 * With dy = dL/dh [n, d] and x [n, k], one row a token:
 *
 *   dL/dA = s (dy B)ᵀ x          [r, k]
 *   dL/dB = s dyᵀ (x Aᵀ)         [d, r]
 *   dL/dx = dy W0 + s (dy B) A   [n, k]
 *   dL/db = Σ dy                 [d]
 *   dL/dW0 = dyᵀ x               [d, k]
 *
 * x Aᵀ [n, r] is computed again rather than saved. A closure per input: tfjs calls only those
 * it needs, so a frozen W0 costs nothing. dA and dx share s dy B [n, r], which is small, and
 * freed with the whole backward pass.
 */
export const loraLinearGradient: tf.GradConfig = {
  kernelName: LORA_LINEAR,
  inputsToSave: ['x', 'w0', 'A', 'B'],
  gradFunc: (dh, saved, attrs) => {
    const dy = dh as tf.Tensor2D;
    const [x, w0, A, B] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const { scaling } = attrs as unknown as LoRALinearAttrs;
    const scaledDyB = tf.matMul(dy, B).mul<tf.Tensor2D>(scaling); // [n, r]
    return {
      A: () => tf.matMul(scaledDyB, x, true, false),
      B: () => tf.matMul(dy, tf.matMul(x, A, false, true).mul(scaling), true, false),
      x: () => tf.matMul(dy, w0).add(tf.matMul(scaledDyB, A)),
      bias: () => dy.sum(0),
      w0: () => tf.matMul(dy, x, true, false),
    };
  },
};
