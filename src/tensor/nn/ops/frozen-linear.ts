import * as tf from '@tensorflow/tfjs';
import { defineOp, type NoAttrs } from '../../op';
import { linearNative } from './linear-native';
import { linearProduct } from './linear-product';
import { multiplyWebGpu } from './multiply-webgpu';

type Inputs = { x: tf.Tensor2D; weight: tf.Tensor2D; bias: tf.Tensor1D | null };

/**
 * h = W x + b for a W that is not trained
 *
 * x [n, k], W [d, k], b [d] or null -> h [n, d], owned by the caller. One op on the tape, which
 * keeps W alone: `tf.matMul` would keep x for the gradient of W, `tf.add` W x for its shape.
 *
 * dL/dx = dL/dh W,  dL/db = Σ dL/dh; W has no gradient.
 */
export const frozenLinear = defineOp<Inputs, NoAttrs, tf.Tensor2D>('FrozenLinear', {
  shapes: { x: 'n k', weight: 'd k', bias: 'd' },
  reference: ({ x, weight, bias }) =>
    tf.tidy(() => {
      const product = tf.matMul(x, weight, false, true);
      return bias ? product.add(bias) : product;
    }),
  native: ({ x, weight, bias }) => linearNative(x, weight, bias),
  webgpu: ({ x, weight, bias }) =>
    multiplyWebGpu({ products: [[x, weight]], transpose: true, bias }),
  saves: ['weight'],
  gradient: (dy, { weight }) => ({
    x: () => linearProduct({ x: dy, weight }, { transpose: false }),
    bias: () => dy.sum(0),
  }),
});
