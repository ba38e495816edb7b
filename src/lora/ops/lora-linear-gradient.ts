import * as tf from '@tensorflow/tfjs';
import { LORA_LINEAR, type LoRALinearAttrs } from './lora-linear';
import { loraLinearInputGradient } from './lora-linear-input-gradient';
import { lowRankGradients } from './low-rank-gradients';

/**
 * With dy = dL/dh [n, d], x [n, k] and the update's own gradients beside:
 *
 *   dL/dx = dy W0 + s (dy B) A   [n, k]
 *   dL/db = Σ dy                 [d]
 *   dL/dW0 = dyᵀ x               [d, k]
 *
 * A closure per input, so a frozen W0 costs nothing; but those of A and B come in one pass.
 */
export const loraLinearGradient: tf.GradConfig = {
  kernelName: LORA_LINEAR,
  inputsToSave: ['x', 'w0', 'A', 'B'],
  gradFunc: (dh, saved, attrs) => {
    const dy = dh as tf.Tensor2D;
    const [x, w0, A, B] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const { scaling } = attrs as unknown as LoRALinearAttrs;
    const { dS, dA, dB } = lowRankGradients(dy, x, A, B, scaling);
    return {
      A: () => dA,
      B: () => dB,
      x: () => loraLinearInputGradient({ dy, w0, A, B, dS }, { scaling }),
      bias: () => dy.sum(0),
      w0: () => tf.matMul(dy, x, true, false),
    };
  },
};
