import * as tf from '@tensorflow/tfjs';
import type { Attrs, LoRALinearAttrs, Scales } from './lora-linear';
import { lowRankGradients } from './low-rank-gradients';
import { lowRankProduct } from './low-rank-product';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const LORA_UPDATE = 'LoRAUpdate';

export type LoRAUpdateInputs = tf.NamedTensorMap & {
  x: tf.Tensor2D;
  product: tf.Tensor2D;
  A: tf.Tensor2D;
  B: tf.Tensor2D;
  bias?: tf.Tensor1D;
};

/**
 * h = W0 x + b + s B (A x), for a W0 x that is made already        (Hu et al. 2021, eq. 3)
 *
 * x [n, k], product [n, d], bias [d] or null, A [r, k], B [d, r] -> h [n, d], owned by the caller.
 * For a W0 that is no tensor, or an update that sees x through dropout. Backward gets x, A and B:
 * `tf.add` would keep both of what it adds, three tensors as large as h. The product is freed: a
 * kernel may write h in its place.
 */
export function loraUpdate(
  x: tf.Tensor2D,
  product: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): tf.Tensor2D {
  const given = { x, product, A, B };
  const inputs: LoRAUpdateInputs = bias ? { ...given, bias } : given;
  const attrs = { scaling } as unknown as Attrs;
  const h = tf.engine().runKernel<tf.Tensor2D>(LORA_UPDATE, inputs, attrs);
  product.dispose();
  return h;
}

/** The kernel in plain tfjs ops, for every backend. */
export const loraUpdatePlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, product, A, B, bias } = inputs as LoRAUpdateInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const h = product.add(lowRankProduct(x, A, B, scaling));
    return bias ? h.add(bias) : h;
  });
};

/** With dy = dL/dh: that of W0 x is dy itself, that of b is Σ dy. */
export const loraUpdateGradient: tf.GradConfig = {
  kernelName: LORA_UPDATE,
  inputsToSave: ['x', 'A', 'B'],
  gradFunc: (dh, saved, attrs) => {
    const dy = dh as tf.Tensor2D;
    const [x, A, B] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const { scaling } = attrs as unknown as LoRALinearAttrs;
    const { dS, dA, dB } = lowRankGradients(dy, x, A, B, scaling);
    return {
      A: () => dA,
      B: () => dB,
      x: () => tf.matMul(dS, A),
      product: () => dy.clone(),
      bias: () => dy.sum(0),
    };
  },
};
