import * as tf from '@tensorflow/tfjs';
import { type Kernels, runNativeOp, runNativeOpOf } from '../../../tensor/op';

/** The names of the op and of its gradient in the tfjs registry. */
export const LAYER_NORM = 'LayerNorm';
export const LAYER_NORM_GRADIENT = 'LayerNormGradient';

export type LayerNormInputs = tf.NamedTensorMap & {
  /** [..., width] */
  x: tf.Tensor;
  /** γ [width] */
  weight: tf.Tensor1D;
  /** β [width] */
  bias: tf.Tensor1D;
};

export type LayerNormGradientInputs = tf.NamedTensorMap & {
  /** dL/dy [..., width] */
  dy: tf.Tensor;
  x: tf.Tensor;
  weight: tf.Tensor1D;
  /** of each row of x, [..., 1]; absent where the forward kernel gives none */
  mean?: tf.Tensor;
  /** 1 / σ of each row of x, [..., 1]; likewise */
  inverse?: tf.Tensor;
};

/** ε is what keeps 1 / σ finite. */
export type LayerNormAttrs = { epsilon: number };

/**
 * y = n γ + β, n = (x - mean) / σ, σ = √(variance + ε) over the last axis
 * (Ba et al. 2016, eq. 4)
 *
 * x [..., width] -> y [..., width], owned by the caller. One op on the tape, which keeps x, and
 * of each row its mean and 1 / σ where its kernel tells them.
 */
export function layerNorm(
  x: tf.Tensor,
  weight: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor {
  const inputs: LayerNormInputs = { x, weight, bias };
  const attrs: LayerNormAttrs = { epsilon };
  const [y, ...rest] = tf.engine().runKernel<tf.Tensor[]>(LAYER_NORM, inputs, attrs);
  tf.dispose(rest);
  return y as tf.Tensor;
}

/** The kernel in plain tfjs ops: y, the mean and 1 / σ. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, weight, bias } = inputs as LayerNormInputs;
  const { epsilon } = attrs as LayerNormAttrs;
  return tf.tidy(() => {
    const { n, mean, inverse } = standardize(x, epsilon);
    return [n.mul(weight).add(bias), mean, inverse];
  });
};

/** n = (x - mean) / σ [..., width]; of each row the mean and 1 / σ, [..., 1] */
function standardize(x: tf.Tensor, epsilon: number) {
  const mean = x.mean(-1, true);
  const centered = x.sub(mean);
  const inverse = centered.square().mean(-1, true).add(epsilon).rsqrt();
  return { n: centered.mul(inverse), mean, inverse };
}

/** dL/dx = (dn - mean(dn) - n · mean(dn · n)) / σ,  dn = dL/dy γ */
const plainGradient: tf.KernelFunc = ({ inputs }) => {
  const { dy, x, weight, mean, inverse } = inputs as Required<LayerNormGradientInputs>;
  return tf.tidy(() => {
    const n = x.sub(mean).mul(inverse);
    const dn = dy.mul(weight);
    const along = n.mul(dn.mul(n).mean(-1, true));
    return dn.sub(dn.mean(-1, true)).sub(along).mul(inverse);
  });
};

const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, weight, bias } = inputs as LayerNormInputs;
  const given = attrs as LayerNormAttrs;
  return runNativeOpOf(3, backend, 'LoraLayerNorm', [x, weight, bias], given);
};

const nativeGradient: tf.KernelFunc = ({ inputs, backend }) => {
  const { dy, x, weight, mean, inverse } = inputs as Required<LayerNormGradientInputs>;
  return runNativeOp(backend, 'LoraLayerNormGradient', [dy, x, weight, mean, inverse]);
};

export const layerNormKernels: Kernels = { plain, native };
export const layerNormGradientKernels: Kernels = { plain: plainGradient, native: nativeGradient };

/** A closure per input: those of a frozen γ and β are never computed. */
export const layerNormGradient: tf.GradConfig = {
  kernelName: LAYER_NORM,
  inputsToSave: ['x', 'weight'],
  outputsToSave: [false, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [dy] = [dys].flat() as [tf.Tensor]; // alone where the kernel has one output
    const [x, weight, mean, inverse] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor?, tf.Tensor?];
    const given = attrs as LayerNormAttrs;
    const statistics = mean && inverse ? { mean, inverse } : null;
    const inputs: LayerNormGradientInputs = { dy, x, weight, ...statistics };
    return {
      x: () => tf.engine().runKernel<tf.Tensor>(LAYER_NORM_GRADIENT, inputs, given),
      weight: () => {
        const n = statistics
          ? x.sub(statistics.mean).mul(statistics.inverse)
          : standardize(x, given.epsilon).n;
        return sumOfRows(dy.mul(n));
      },
      bias: () => sumOfRows(dy),
    };
  },
};

function sumOfRows(x: tf.Tensor): tf.Tensor1D {
  return x.reshape([-1, x.shape.at(-1) as number]).sum<tf.Tensor1D>(0);
}
