import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';
import { layerNormGradientWebGpu, layerNormWebGpu } from './layer-norm-webgpu';

type Inputs = {
  /** [..., width] */
  x: tf.Tensor;
  /** γ [width] */
  weight: tf.Tensor1D;
  /** β [width] */
  bias: tf.Tensor1D;
};
/** ε keeps 1 / σ finite. */
type Attrs = { epsilon: number };
/** The mean and 1 / σ of each row of x, [..., 1]; absent where the kernel does not return them. */
type Statistics = { mean?: tf.Tensor; inverse?: tf.Tensor };

/**
 * y = n γ + β, n = (x - mean) / σ, σ = √(variance + ε) over the last axis
 * (Ba et al. 2016, eq. 4)
 *
 * x [..., width] -> y [..., width], owned by the caller. One op on the tape, which keeps x, and the
 * mean and 1 / σ of each row if the kernel returns them.
 */
export function layerNorm(inputs: Inputs, attrs: Attrs): tf.Tensor {
  const { y, mean, inverse } = layerNormOp(inputs, attrs);
  tf.dispose([mean, inverse]);
  return y;
}

/** The gradients of a frozen γ and β are never computed. */
const layerNormOp = defineOp<Inputs, Attrs, { y: tf.Tensor } & Statistics>('LayerNorm', {
  shapes: { x: '... width', weight: 'width', bias: 'width' },
  outputs: ['y', 'mean', 'inverse'],
  reference: ({ x, weight, bias }, { epsilon }) =>
    tf.tidy(() => {
      const { n, mean, inverse } = standardize(x, epsilon);
      return { y: n.mul(weight).add(bias), mean, inverse };
    }),
  native: ({ x, weight, bias }, { epsilon }) =>
    runNativeOpOf(['y', 'mean', 'inverse'], 'LoraLayerNorm', [x, weight, bias], { epsilon }),
  webgpu: layerNormWebGpu,
  saves: ['x', 'weight', 'mean', 'inverse'],
  gradient: ({ y: dy }, { x, weight, mean, inverse }, { epsilon }) => ({
    x: () => layerNormGradient({ dy, x, weight, mean, inverse }, { epsilon }),
    weight: () => {
      const n = mean && inverse ? x.sub(mean).mul(inverse) : standardize(x, epsilon).n;
      return sumOfRows(dy.mul(n));
    },
    bias: () => sumOfRows(dy),
  }),
});

type GradientInputs = { dy: tf.Tensor; x: tf.Tensor; weight: tf.Tensor1D } & Statistics;

/** dL/dx = (dn - mean(dn) - n · mean(dn · n)) / σ,  dn = dL/dy γ */
const layerNormGradient = defineOp<GradientInputs, Attrs>('LayerNormGradient', {
  shapes: {
    dy: '... width',
    x: '... width',
    weight: 'width',
    mean: '... 1',
    inverse: '... 1',
  },
  reference: ({ dy, x, weight, ...statistics }) =>
    tf.tidy(() => {
      const { mean, inverse } = statistics as Required<Statistics>;
      const n = x.sub(mean).mul(inverse);
      const dn = dy.mul(weight);
      const along = n.mul(dn.mul(n).mean(-1, true));
      return dn.sub(dn.mean(-1, true)).sub(along).mul(inverse);
    }),
  native: ({ dy, x, weight, ...statistics }) => {
    const { mean, inverse } = statistics as Required<Statistics>;
    return runNativeOp('LoraLayerNormGradient', [dy, x, weight, mean, inverse]);
  },
  webgpu: layerNormGradientWebGpu,
});

/** n = (x - mean) / σ [..., width], and the mean and 1 / σ of each row, [..., 1] */
function standardize(x: tf.Tensor, epsilon: number) {
  const mean = x.mean(-1, true);
  const centered = x.sub(mean);
  const inverse = centered.square().mean(-1, true).add(epsilon).rsqrt();
  return { n: centered.mul(inverse), mean, inverse };
}

function sumOfRows(x: tf.Tensor): tf.Tensor1D {
  return x.reshape([-1, x.shape.at(-1) as number]).sum<tf.Tensor1D>(0);
}
