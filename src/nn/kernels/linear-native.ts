import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../../runtime';

/** Of more rows TensorFlow's own product is as fast. */
const FEW_ROWS = 16;

/** x Wᵀ on TensorFlow's CPU: x [n, k], W [d, k] -> [n, d], owned by the caller. */
export function multiplyNative(backend: unknown, x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor {
  return x.shape[0] <= FEW_ROWS
    ? runNativeOp(backend, 'LoraThinProduct', [x, weight])
    : tf.matMul(x, weight, false, true);
}

/** x Wᵀ + b on TensorFlow's CPU: b is added where x Wᵀ stands. */
export function linearNative(
  backend: unknown,
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
): tf.Tensor {
  return tf.tidy(() => {
    const product = multiplyNative(backend, x, weight);
    return bias ? runNativeOp(backend, 'LoraAddBias', [product, bias]) : product;
  });
}
