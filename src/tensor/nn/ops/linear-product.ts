import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../op';
import { multiplyWebGpu } from './multiply-webgpu';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const LINEAR_PRODUCT = 'LinearProduct';

type Inputs = tf.NamedTensorMap & { x: tf.Tensor2D; weight: tf.Tensor2D };
type Attrs = { transpose: boolean };

/**
 * x Wᵀ, as in a layer, for x [n, k] and W [d, k], or with `transpose` false x W, for x [n, d]:
 * [n, d] or [n, k], owned by the caller. The gradient is that of x Wᵀ.
 */
export function linearProduct(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  { transpose = true }: Partial<Attrs> = {},
): tf.Tensor2D {
  const inputs: Inputs = { x, weight };
  return tf.engine().runKernel<tf.Tensor2D>(LINEAR_PRODUCT, inputs, { transpose });
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, weight } = inputs as Inputs;
  const { transpose } = attrs as Attrs;
  return tf.matMul(x, weight, false, transpose);
};

/** tfjs's own walks along W across its rows where it is transposed. */
const webgpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, weight } = inputs as Inputs;
  const { transpose } = attrs as Attrs;
  return multiplyWebGpu(backend, { products: [[x, weight]], transpose });
};

export const linearProductKernels: Kernels = { plain, webgpu };

/** dL/dx = dL/dh W, the same op the other way around; dL/dW = (dL/dh)ᵀ x. A closure per input. */
export const linearProductGradient: tf.GradConfig = {
  kernelName: LINEAR_PRODUCT,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dh, saved) => {
    const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
    const dy = dh as tf.Tensor2D;
    return {
      x: () => linearProduct(dy, weight, { transpose: false }),
      weight: () => tf.matMul(dy, x, true, false),
    };
  },
};
