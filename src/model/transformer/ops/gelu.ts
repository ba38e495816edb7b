import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp } from '../../../tensor/op';
import { geluGradientWebGpu, geluWebGpu } from './gelu-webgpu';

/** u = a x + b x³ */
const a = 2 * Math.sqrt(2 / Math.PI);
const b = 0.044715 * a;

/**
 * 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), Hugging Face's `gelu_new`. Computed as x σ(u), which
 * is equal since (1 + tanh(u/2)) / 2 = σ(u).
 * (Hendrycks and Gimpel 2016, section 2)
 *
 * x of any shape -> y, owned by the caller. One op on the tape, which keeps x alone: σ(u) is
 * computed again.
 */
export const gelu = defineOp<{ x: tf.Tensor }>('GeluTanh', {
  shapes: { x: '...' },
  reference: ({ x }) => tf.tidy(() => x.mul(gateOf(x, x.square()))),
  native: ({ x }) => runNativeOp('LoraGelu', [x]),
  webgpu: (inputs) => geluWebGpu(inputs, { a, b }),
  saves: ['x'],
  gradient: (dy, { x }) => ({ x: () => geluGradient({ dy, x }) }),
});

/** dL/dx = dL/dy (σ + x σ (1 - σ) u'),  u' = a + 3 b x² */
const geluGradient = defineOp<{ dy: tf.Tensor; x: tf.Tensor }>('GeluTanhGradient', {
  shapes: { dy: '...', x: '...' },
  reference: ({ dy, x }) =>
    tf.tidy(() => {
      const square = x.square();
      const gate = gateOf(x, square);
      const slope = square.mul(3 * b).add(a);
      return gate.neg().add(1).mul(x).mul(slope).add(1).mul(gate).mul(dy);
    }),
  native: ({ dy, x }) => runNativeOp('LoraGeluGradient', [dy, x]),
  webgpu: (inputs) => geluGradientWebGpu(inputs, { a, b }),
});

/** σ(u) */
function gateOf(x: tf.Tensor, square: tf.Tensor): tf.Tensor {
  return square.mul(b).add(a).mul(x).sigmoid();
}
