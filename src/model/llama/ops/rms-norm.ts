import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';
import { rmsNormGradientWebGpu, rmsNormWebGpu } from './rms-norm-webgpu';

type Inputs = { x: tf.Tensor; weight: tf.Tensor1D };
type Attrs = {
  epsilon: number;
  /** added to γ: 1 where a file holds γ - 1 */
  offset: number;
};
/** 1 / √(mean(x²) + ε) of each row, [..., 1]; absent where the kernel does not return it. */
type Statistics = { inverse?: tf.Tensor };

/**
 * y = x / √(mean(x²) + ε) · (γ + offset) over the last axis        (Zhang and Sennrich 2019, eq. 4)
 *
 * x [..., width], γ [width] -> y [..., width], owned by the caller. One op on the tape, which keeps x,
 * and a number for each row if the kernel returns it.
 */
export function rmsNorm(inputs: Inputs, attrs: Attrs): tf.Tensor {
  const { y, inverse } = rmsNormOp(inputs, attrs);
  inverse?.dispose();
  return y;
}

const rmsNormOp = defineOp<Inputs, Attrs, { y: tf.Tensor } & Statistics>('RMSNorm', {
  shapes: { x: '... width', weight: 'width' },
  outputs: ['y', 'inverse'],
  reference: ({ x, weight }, { epsilon, offset }) =>
    tf.tidy(() => {
      const inverse = inverseOf(x, epsilon);
      return { y: x.mul(inverse).mul(weight.add(offset)), inverse };
    }),
  native: ({ x, weight }, attrs) =>
    runNativeOpOf(['y', 'inverse'], 'LoraRMSNorm', [x, weight], attrs),
  webgpu: rmsNormWebGpu,
  saves: ['x', 'weight', 'inverse'],
  gradient: ({ y: dy }, { x, weight, inverse }, attrs) => ({
    x: () => rmsNormGradient({ dy, x, weight, inverse }, attrs),
    weight: () => {
      const n = x.mul(inverse ?? inverseOf(x, attrs.epsilon));
      return dy.mul(n).reshape([-1, weight.size]).sum(0);
    },
  }),
});

type GradientInputs = Inputs & { dy: tf.Tensor } & Statistics;

/** dL/dx = (dn - n · mean(dn · n)) / √(mean(x²) + ε),  dn = dL/dy (γ + offset) */
const rmsNormGradient = defineOp<GradientInputs, Attrs>('RMSNormGradient', {
  shapes: { dy: '... width', x: '... width', weight: 'width', inverse: '... 1' },
  reference: ({ dy, x, weight, inverse }, { offset }) =>
    tf.tidy(() => {
      const n = x.mul(inverse as tf.Tensor);
      const dn = dy.mul(weight.add(offset));
      return dn.sub(n.mul(dn.mul(n).mean(-1, true))).mul(inverse as tf.Tensor);
    }),
  native: ({ dy, x, weight, inverse }, { offset }) =>
    runNativeOp('LoraRMSNormGradient', [dy, x, weight, inverse as tf.Tensor], { offset }),
  webgpu: rmsNormGradientWebGpu,
});

function inverseOf(x: tf.Tensor, epsilon: number): tf.Tensor {
  return x.square().mean(-1, true).add(epsilon).rsqrt();
}
