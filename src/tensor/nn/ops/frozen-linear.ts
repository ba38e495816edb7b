import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../op';
import { asMatrix } from '../as-matrix';
import { linearNative } from './linear-native';
import { linearProduct } from './linear-product';
import { multiplyWebGpu } from './multiply-webgpu';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const FROZEN_LINEAR = 'FrozenLinear';

type Inputs = tf.NamedTensorMap & {
  x: tf.Tensor2D;
  weight: tf.Tensor2D;
  /** absent where the layer has none */
  bias?: tf.Tensor1D;
};

/**
 * h = W x + b for a W that is not trained
 *
 * x [..., k], W [d, k], b [d] or null -> h [..., d], owned by the caller. One op on the tape, which
 * keeps W alone: `tf.matMul` would keep x for the gradient of W, `tf.add` W x for its shape.
 */
export function frozenLinear(
  x: tf.Tensor,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
): tf.Tensor {
  return asMatrix(x, (rows) => {
    const inputs: Inputs = bias ? { x: rows, weight, bias } : { x: rows, weight };
    return tf.engine().runKernel<tf.Tensor2D>(FROZEN_LINEAR, inputs);
  });
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs }) => {
  const { x, weight, bias } = inputs as Inputs;
  return tf.tidy(() => {
    const product = tf.matMul(x, weight, false, true);
    return bias ? product.add(bias) : product;
  });
};

const native: tf.KernelFunc = ({ inputs, backend }) => {
  const { x, weight, bias } = inputs as Inputs;
  return linearNative(backend, x, weight, bias);
};

/** b is added as W x is written. */
const webgpu: tf.KernelFunc = ({ inputs, backend }) => {
  const { x, weight, bias } = inputs as Inputs;
  return multiplyWebGpu(backend, { products: [[x, weight]], transpose: true, bias });
};

export const frozenLinearKernels: Kernels = { plain, native, webgpu };

/** dL/dx = dL/dh W,  dL/db = Σ dL/dh; there is none of W. */
export const frozenLinearGradient: tf.GradConfig = {
  kernelName: FROZEN_LINEAR,
  inputsToSave: ['weight'],
  gradFunc: (dh, saved) => {
    const dy = dh as tf.Tensor2D;
    const [weight] = saved as [tf.Tensor2D];
    return { x: () => linearProduct(dy, weight, { transpose: false }), bias: () => dy.sum(0) };
  },
};
