import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOp } from '../../../tensor/op';

/** The names of the op and of its gradient in the tfjs registry. */
export const MASKED_SOFTMAX = 'MaskedSoftmax';
export const MASKED_SOFTMAX_GRADIENT = 'MaskedSoftmaxGradient';

export type MaskedSoftmaxInputs = tf.NamedTensorMap & {
  /** Q Kᵀ [batch, heads, time, all] */
  scores: tf.Tensor4D;
  /** what is added, [time, all] or [batch, 1, time, all]; absent where nothing is */
  mask?: tf.Tensor;
};

export type MaskedSoftmaxGradientInputs = tf.NamedTensorMap & {
  /** dL/dp [batch, heads, time, all] */
  dp: tf.Tensor4D;
  p: tf.Tensor4D;
};

/** 1 / √d */
export type MaskedSoftmaxAttrs = { scale: number };

/**
 * p = softmax(scale Q Kᵀ + mask) over the last axis        (Vaswani et al. 2017, eq. 1)
 *
 * scores [batch, heads, time, all] -> the same, owned by the caller; the mask is a constant. One
 * op on the tape, which keeps p alone.
 */
export function maskedSoftmax(
  scores: tf.Tensor4D,
  mask: tf.Tensor | null,
  scale: number,
): tf.Tensor4D {
  const inputs: MaskedSoftmaxInputs = mask ? { scores, mask } : { scores };
  const attrs: MaskedSoftmaxAttrs = { scale };
  return tf.engine().runKernel<tf.Tensor4D>(MASKED_SOFTMAX, inputs, attrs);
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { scores, mask } = inputs as MaskedSoftmaxInputs;
  const { scale } = attrs as MaskedSoftmaxAttrs;
  return tf.tidy(() => {
    const scaled = scores.mul(scale);
    return tf.softmax(mask ? scaled.add(mask) : scaled);
  });
};

/** dL/dscores = scale p (dL/dp - Σ p dL/dp) */
const plainGradient: tf.KernelFunc = ({ inputs, attrs }) => {
  const { dp, p } = inputs as MaskedSoftmaxGradientInputs;
  const { scale } = attrs as MaskedSoftmaxAttrs;
  return tf.tidy(() => {
    const weighted = p.mul(dp);
    return weighted.sub(p.mul(weighted.sum(-1, true))).mul(scale);
  });
};

const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { scores, mask } = inputs as MaskedSoftmaxInputs;
  const given = attrs as MaskedSoftmaxAttrs;
  return tf.tidy(() =>
    runNativeOp(backend, 'LoraMaskedSoftmax', [scores, mask ?? tf.tensor1d([])], given),
  );
};

const nativeGradient: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { dp, p } = inputs as MaskedSoftmaxGradientInputs;
  return runNativeOp(backend, 'LoraMaskedSoftmaxGradient', [dp, p], attrs as MaskedSoftmaxAttrs);
};

export const maskedSoftmaxKernels: Kernels = { plain, native };
export const maskedSoftmaxGradientKernels: Kernels = {
  plain: plainGradient,
  native: nativeGradient,
};

export const maskedSoftmaxGradient: tf.GradConfig = {
  kernelName: MASKED_SOFTMAX,
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [p] = saved as [tf.Tensor4D];
    const inputs: MaskedSoftmaxGradientInputs = { dp: dy as tf.Tensor4D, p };
    const given = attrs as MaskedSoftmaxAttrs;
    return {
      scores: () => tf.engine().runKernel<tf.Tensor4D>(MASKED_SOFTMAX_GRADIENT, inputs, given),
    };
  },
};
