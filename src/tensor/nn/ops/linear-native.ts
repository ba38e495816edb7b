import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../../op';

/** x Wᵀ + b on TensorFlow's CPU, [n, d], owned by the caller. b is added to x Wᵀ in place. */
export function linearNative(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
): tf.Tensor {
  return tf.tidy(() => {
    const product = tf.matMul(x, weight, false, true);
    return bias ? runNativeOp('LoraAddBias', [product, bias]) : product;
  });
}
