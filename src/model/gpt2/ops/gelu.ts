import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOp } from '../../../tensor/op';

/** The names of the op and of its gradient in the tfjs registry. */
export const GELU = 'GeluTanh';
export const GELU_GRADIENT = 'GeluTanhGradient';

export type GeluInputs = tf.NamedTensorMap & { x: tf.Tensor };
export type GeluGradientInputs = tf.NamedTensorMap & { dy: tf.Tensor; x: tf.Tensor };

/** u = a x + b x³ */
export const GELU_A = 2 * Math.sqrt(2 / Math.PI);
export const GELU_B = 0.044715 * GELU_A;

/**
 * 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), Hugging Face's `gelu_new`, as x σ(u) with
 * u = a x + b x³: the same, since (1 + tanh(u/2)) / 2 = σ(u).
 * (Hendrycks and Gimpel 2016, section 2)
 *
 * Of any shape, owned by the caller. One op on the tape, which keeps x alone: σ(u) is computed
 * again.
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  const inputs: GeluInputs = { x };
  return tf.engine().runKernel<tf.Tensor>(GELU, inputs);
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs }) => {
  const { x } = inputs as GeluInputs;
  return tf.tidy(() => x.mul(gateOf(x, x.square())));
};

/** dL/dx = dL/dy (σ + x σ (1 - σ) u'),  u' = a + 3 b x² */
const plainGradient: tf.KernelFunc = ({ inputs }) => {
  const { dy, x } = inputs as GeluGradientInputs;
  return tf.tidy(() => {
    const square = x.square();
    const gate = gateOf(x, square);
    const slope = square.mul(3 * GELU_B).add(GELU_A);
    return gate.neg().add(1).mul(x).mul(slope).add(1).mul(gate).mul(dy);
  });
};

/** σ(u) */
function gateOf(x: tf.Tensor, square: tf.Tensor): tf.Tensor {
  return square.mul(GELU_B).add(GELU_A).mul(x).sigmoid();
}

const native: tf.KernelFunc = ({ inputs, backend }) => {
  const { x } = inputs as GeluInputs;
  return runNativeOp(backend, 'LoraGelu', [x]);
};

const nativeGradient: tf.KernelFunc = ({ inputs, backend }) => {
  const { dy, x } = inputs as GeluGradientInputs;
  return runNativeOp(backend, 'LoraGeluGradient', [dy, x]);
};

export const geluKernels: Kernels = { plain, native };
export const geluGradientKernels: Kernels = { plain: plainGradient, native: nativeGradient };

export const geluGradient: tf.GradConfig = {
  kernelName: GELU,
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    const inputs: GeluGradientInputs = { dy: dy as tf.Tensor, x };
    return { x: () => tf.engine().runKernel<tf.Tensor>(GELU_GRADIENT, inputs) };
  },
};
