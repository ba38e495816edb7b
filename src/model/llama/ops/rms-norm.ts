import * as tf from '@tensorflow/tfjs';
import { defineOp, runNativeOp, runNativeOpOf } from '../../../tensor/op';

type Inputs = { x: tf.Tensor; weight: tf.Tensor1D };
type Attrs = {
  epsilon: number;
  /** added to γ: 1 where a file holds γ - 1 */
  offset: number;
};
/** 1 / √(mean(x²) + ε) of each row, [..., 1]. */
type Statistics = { inverse?: tf.Tensor };

/**
 * y = x / √(mean(x²) + ε) · (γ + offset) over the last axis        (Zhang and Sennrich 2019, eq. 4)
 *
 * x [..., width], γ [width] -> y [..., width], owned by the caller. One op on the tape, which keeps x
 * and a number for each row.
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
      const inverse = x.square().mean(-1, true).add(epsilon).rsqrt();
      return { y: x.mul(inverse).mul(weight.add(offset)), inverse };
    }),
  native: ({ x, weight }, attrs) =>
    runNativeOpOf(['y', 'inverse'], 'LoraRMSNorm', [x, weight], attrs),
  saves: ['x', 'weight', 'inverse'],
  gradient: ({ y: dy }, { x, weight, inverse }, { offset }) => ({
    x: () => rmsNormGradient({ dy, x, weight, inverse: inverse as tf.Tensor }, { offset }),
    weight: () => {
      const n = x.mul(inverse as tf.Tensor);
      return dy.mul(n).reshape([-1, weight.size]).sum(0);
    },
  }),
});

/** dL/dx = (dn - n · mean(dn · n)) / √(mean(x²) + ε),  dn = dL/dy (γ + offset) */
const rmsNormGradient = defineOp<
  Inputs & { dy: tf.Tensor; inverse: tf.Tensor },
  Pick<Attrs, 'offset'>
>('RMSNormGradient', {
  shapes: { dy: '... width', x: '... width', weight: 'width', inverse: '... 1' },
  reference: ({ dy, x, weight, inverse }, { offset }) =>
    tf.tidy(() => {
      const n = x.mul(inverse);
      const dn = dy.mul(weight.add(offset));
      return dn.sub(n.mul(dn.mul(n).mean(-1, true))).mul(inverse);
    }),
  native: ({ dy, x, weight, inverse }, attrs) =>
    runNativeOp('LoraRMSNormGradient', [dy, x, weight, inverse], attrs),
});
