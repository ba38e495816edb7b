import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOpOf } from '../../tensor/op';
import { lowRankGradientsWebGpu } from './low-rank-gradients-webgpu';
import { type ScalingAttrs, scalesTensor } from './low-rank-product';

type Inputs = {
  /** dL/dh [n, d] */
  dy: tf.Tensor2D;
  x: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
};
type Gradients = { dS: tf.Tensor2D; dA: tf.Tensor2D; dB: tf.Tensor2D };

/** Above this rank four products of TensorFlow's are faster than the compiled op. */
const SMALL_RANK = 32;

/**
 * With dy = dL/dh [n, d], x [n, k], one row a token:
 *
 *   dS    = s (dy B)           [n, r], for dL/dx
 *   dL/dA = dSᵀ x              [r, k]
 *   dL/dB = dyᵀ (s x Aᵀ)       [d, r]
 *
 * all owned by the caller. x Aᵀ [n, r] is computed again rather than saved.
 */
export const lowRankGradients = defineOp<Inputs, ScalingAttrs, Gradients>('LowRankGradients', {
  shapes: { dy: 'n d', x: 'n k', A: 'r k', B: 'd r', scaling: ['n r', '1 r'] },
  outputs: ['dS', 'dA', 'dB'],
  reference: inFourProducts,
  native: ({ dy, x, A, B }, { scaling }) => {
    if (A.shape[0] > SMALL_RANK) return inFourProducts({ dy, x, A, B }, { scaling });
    return tf.tidy(() => {
      const inputs = [dy, x, A, B, scalesTensor(scaling)];
      return runNativeOpOf(['dS', 'dA', 'dB'], 'LoraLowRankGradients', inputs);
    });
  },
  webgpu: lowRankGradientsWebGpu,
});

function inFourProducts({ dy, x, A, B }: Inputs, { scaling }: ScalingAttrs): Gradients {
  return tf.tidy((): Gradients => {
    const dS = tf.matMul(dy, B).mul<tf.Tensor2D>(scaling);
    const low = tf.matMul(x, A, false, true).mul<tf.Tensor2D>(scaling);
    return { dS, dA: tf.matMul(dS, x, true), dB: tf.matMul(dy, low, true) };
  });
}
