import * as tf from '@tensorflow/tfjs';
import { defineOp, type Op } from '../../op';
import { multiplyWebGpu } from './multiply-webgpu';

type Inputs = { x: tf.Tensor2D; weight: tf.Tensor2D };
type Attrs = {
  /** x Wᵀ, as in a layer, rather than x W */
  transpose: boolean;
};

/**
 * x Wᵀ for x [n, k] and W [d, k], or without `transpose` x W for x [n, d]: [n, d] or [n, k], owned
 * by the caller.
 *
 * The gradient is that of x Wᵀ: dL/dx = dL/dh W, dL/dW = (dL/dh)ᵀ x.
 */
export const linearProduct: Op<Inputs, Attrs, tf.Tensor2D> = defineOp<Inputs, Attrs, tf.Tensor2D>(
  'LinearProduct',
  {
    shapes: { x: ({ transpose }) => (transpose ? 'n k' : 'n d'), weight: 'd k' },
    reference: ({ x, weight }, { transpose }) => tf.matMul(x, weight, false, transpose),
    // tfjs's own shader reads across the rows of W where W is transposed.
    webgpu: ({ x, weight }, { transpose }) =>
      multiplyWebGpu({ products: [[x, weight]], transpose }),
    saves: ['x', 'weight'],
    gradient: (dy, { x, weight }) => ({
      x: () => linearProduct({ x: dy, weight }, { transpose: false }),
      weight: () => tf.matMul(dy, x, true, false),
    }),
  },
);
