import * as tf from '@tensorflow/tfjs';
import { asMatrix } from '../../tensor/nn';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const LORA_LINEAR = 'LoRALinear';

export type LoRALinearInputs = tf.NamedTensorMap & {
  x: tf.Tensor2D;
  w0: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
  /** absent where the layer has none */
  bias?: tf.Tensor1D;
};

/**
 * s = alpha / r; or one for each token and rank [n, r] ([1, r] for all tokens alike): a constant
 * that stays the caller's, and alive until the gradient is computed.
 */
export type Scales = number | tf.Tensor2D;

export interface LoRALinearAttrs {
  scaling: Scales;
}

/**
 * h = W0 x + b + s B (A x)        (Hu et al. 2021, eq. 3)
 *
 * x [..., k], w0 [d, k], bias [d] or null, A [r, k], B [d, r] -> h [..., d], owned by the caller.
 * One op on the tape: backward gets x, w0, A and B and nothing in between. The gradient of an
 * input that is not asked for, such as the frozen w0, is never computed.
 *
 * Several updates in one pass: A [Σr, k] and B [d, Σr] hold those of all of them, and the scales
 * [n, Σr] are 0 where a token does not use an update.
 */
export function loraLinear(
  x: tf.Tensor,
  w0: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): tf.Tensor {
  return asMatrix(x, (rows) => {
    const inputs: LoRALinearInputs = bias ? { x: rows, w0, A, B, bias } : { x: rows, w0, A, B };
    const attrs: LoRALinearAttrs = { scaling };
    return tf.engine().runKernel(LORA_LINEAR, inputs, attrs as unknown as Attrs);
  });
}

/** tfjs knows no tensors among a kernel's attributes. */
export type Attrs = Parameters<ReturnType<typeof tf.engine>['runKernel']>[2];
