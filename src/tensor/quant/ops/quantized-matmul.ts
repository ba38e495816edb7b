import * as tf from '@tensorflow/tfjs';
import type { QuantizationType } from '../levels';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const QUANTIZED_MATMUL = 'QuantizedMatMul';

export type QuantizedMatMulInputs = tf.NamedTensorMap & {
  x: tf.Tensor2D;
  /** int32, the bytes of the codes in memory order; then those of the scales, if in 8 bits */
  packed: tf.Tensor1D;
  /** float32, one for each block; of scales in 8 bits one for each 256, and their offset at the end */
  scales: tf.Tensor1D;
};

/** How the numbers of W [d, k] lie in `packed`. */
export interface QuantizedLayout {
  /** [d, k] */
  shape: [number, number];
  type: QuantizationType;
  blockSize: number;
  /** 8 bits, or float32 */
  scalesInBytes: boolean;
}

export interface QuantizedMatMulAttrs extends QuantizedLayout {
  /** x Wᵀ, as in a layer, rather than x W */
  transpose: boolean;
}

/**
 * h = x Wᵀ for W [d, k] in 4 bits, x [n, k] -> h [n, d], owned by the caller.
 * One op on the tape, with a gradient to x alone, which needs no x saved.
 */
export function quantizedMatMul(
  x: tf.Tensor2D,
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  layout: QuantizedLayout,
): tf.Tensor2D {
  const inputs: QuantizedMatMulInputs = { x, packed, scales };
  return runQuantizedMatMul(inputs, { ...layout, transpose: true });
}

/** dL/dx = dL/dh W: the same op the other way around. */
export const quantizedMatMulGradient: tf.GradConfig = {
  kernelName: QUANTIZED_MATMUL,
  inputsToSave: ['packed', 'scales'],
  gradFunc: (dh, saved, attrs) => {
    const [packed, scales] = saved as [tf.Tensor1D, tf.Tensor1D];
    const { transpose, ...layout } = attrs as unknown as QuantizedMatMulAttrs;
    const inputs = { x: dh as tf.Tensor2D, packed, scales };
    return { x: () => runQuantizedMatMul(inputs, { ...layout, transpose: !transpose }) };
  },
};

function runQuantizedMatMul(
  inputs: QuantizedMatMulInputs,
  attrs: QuantizedMatMulAttrs,
): tf.Tensor2D {
  return tf
    .engine()
    .runKernel<tf.Tensor2D>(QUANTIZED_MATMUL, inputs, attrs as unknown as tf.NamedAttrMap);
}
