import * as tf from '@tensorflow/tfjs';
import { linearNative } from '../../tensor/nn';
import { runNativeOp, runNativeOpOf } from '../../tensor/op';
import type { LoRALinearAttrs, LoRALinearInputs, Scales } from './lora-linear';
import type { LoRALinearInputGradientInputs } from './lora-linear-input-gradient';
import type { LoRAUpdateInputs } from './lora-update';
import { type LowRankGradientsInputs, lowRankGradientsPlain } from './low-rank-gradients';
import { mergesFirst } from './merge-first-rule';

/**
 * The kernel on TensorFlow's CPU: one pass over x and W0 x adds b + s B (A x) where that stands, or
 * one over W0 makes W0 + s B A.
 */
export const loraLinearNative: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, w0, A, B, bias } = inputs as LoRALinearInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const scales = asTensor(scaling);
    const merged = mergeIfCheaper(backend, x.shape[0], { w0, A, B }, scales);
    if (merged) return linearNative(backend, x, merged, bias);
    const product = tf.matMul(x, w0, false, true); // [n, d]
    return addUpdate(backend, product, inputs as LoRALinearInputs, scales);
  });
};

/** The same with W0 x given, and h in its place. */
export const loraUpdateNative: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  const given = inputs as LoRAUpdateInputs;
  return tf.tidy(() => addUpdate(backend, given.product, given, asTensor(scaling)));
};

/** dL/dx on TensorFlow's CPU, likewise: s (dy B) A is added where dy W0 stands, or to W0. */
export const loraLinearInputGradientNative: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { dy, w0, dS, A, B } = inputs as LoRALinearInputGradientInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  return tf.tidy(() => {
    const scales = asTensor(scaling);
    const merged = mergeIfCheaper(backend, dy.shape[0], { w0, A, B }, scales);
    if (merged) return tf.matMul(dy, merged);
    return runNativeOp(backend, 'LoraLinearInputGradient', [tf.matMul(dy, w0), dS, A]);
  });
};

/** Of a larger rank four products of TensorFlow's are faster. */
const SMALL_RANK = 32;

/** In one pass over dy and x. */
export const lowRankGradientsNative: tf.KernelFunc = (given) => {
  const { dy, x, A, B } = given.inputs as LowRankGradientsInputs;
  const { scaling } = given.attrs as unknown as LoRALinearAttrs;
  if (A.shape[0] > SMALL_RANK) return lowRankGradientsPlain(given);
  return tf.tidy(() =>
    runNativeOpOf(3, given.backend, 'LoraLowRankGradients', [dy, x, A, B, asTensor(scaling)]),
  );
};

/** product + b + s B (A x) where the product stands; to be called in a `tf.tidy`. */
function addUpdate(
  backend: unknown,
  product: tf.Tensor,
  { x, A, B, bias = tf.tensor1d([]) }: LoRALinearInputs | LoRAUpdateInputs,
  scales: tf.Tensor2D,
): tf.Tensor {
  return runNativeOp(backend, 'LoraLinear', [product, x, A, B, bias, scales]);
}

/** W0 + s B A [d, k], or null where it costs more than it saves n rows. */
function mergeIfCheaper(
  backend: unknown,
  n: number,
  { w0, A, B }: Pick<LoRALinearInputs, 'w0' | 'A' | 'B'>,
  scales: tf.Tensor2D,
): tf.Tensor2D | null {
  if (!mergesFirst(n, w0.shape, A.shape[0], scales)) return null;
  return runNativeOp(backend, 'LoraMerge', [w0, A, B, scales]) as tf.Tensor2D;
}

/** One number as [1, 1]. */
function asTensor(scaling: Scales): tf.Tensor2D {
  return typeof scaling === 'number' ? tf.tensor2d([[scaling]]) : scaling;
}
