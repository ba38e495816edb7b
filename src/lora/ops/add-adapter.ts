import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp } from '../../tensor/op';
import { addAdapterWebGpu } from './add-adapter-webgpu';
import { lowRankGradients } from './low-rank-gradients';
import {
  type AdapterInputs,
  lowRankProduct,
  type Scales,
  type ScalingAttrs,
  scalesTensor,
} from './low-rank-product';

/** W0 x [n, d] */
type Inputs = AdapterInputs & { product: tf.Tensor2D };

/**
 * h = W0 x + b + s B (A x), for a W0 x that is computed already        (Hu et al. 2021, eq. 3)
 *
 * x [n, k], product [n, d], bias [d] or null, A [r, k], B [d, r] -> h [n, d], owned by the caller.
 * For a W0 that is no tensor, or an adapter that sees x through dropout. The tape keeps x, A and B:
 * `tf.add` would keep both of its inputs, three tensors as large as h. The product is freed.
 *
 * The gradient to W0 x is dL/dh, to b it is Σ dL/dh.
 */
export const addAdapter = defineOp<Inputs, ScalingAttrs, tf.Tensor2D>('AddAdapter', {
  shapes: {
    x: 'n k',
    product: 'n d',
    A: 'r k',
    B: 'd r',
    bias: 'd',
    scaling: ['n r', '1 r'],
  },
  reference: ({ x, product, A, B, bias }, { scaling }) =>
    tf.tidy(() => {
      const h = product.add(lowRankProduct(x, A, B, scaling));
      return bias ? h.add(bias) : h;
    }),
  native: ({ product, ...inputs }, { scaling }) =>
    tf.tidy(() => addAdapterNative(product, inputs, scaling)),
  webgpu: addAdapterWebGpu,
  consumes: 'product',
  saves: ['x', 'A', 'B'],
  gradient: (dy, { x, A, B }, { scaling }) => {
    const { dS, dA, dB } = lowRankGradients({ dy, x, A, B }, { scaling });
    return {
      A: () => dA,
      B: () => dB,
      x: () => tf.matMul(dS, A),
      product: () => dy.clone(),
      bias: () => dy.sum(0),
    };
  },
});

/** Writes h over the product, on TensorFlow's CPU; to be called in a `tf.tidy`. */
export function addAdapterNative(
  product: tf.Tensor,
  { x, A, B, bias }: AdapterInputs,
  scaling: Scales,
): tf.Tensor {
  const inputs = [product, x, A, B, bias ?? tf.tensor1d([]), scalesTensor(scaling)];
  return runNativeOp('LoraAddAdapter', inputs);
}
