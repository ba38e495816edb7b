import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../../tensor/op';

/** The op's name in the tfjs registry. */
export const RESIDUAL = 'Residual';

/**
 * x + y of one shape, owned by the caller. Unlike `tf.add`, which broadcasts, it keeps neither on
 * the tape.
 */
export function residual(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(RESIDUAL, { x, y });
}

export const residualKernels: Kernels = {
  plain: ({ inputs }) => {
    const { x, y } = inputs as { x: tf.Tensor; y: tf.Tensor };
    return x.add(y);
  },
};

export const residualGradient: tf.GradConfig = {
  kernelName: RESIDUAL,
  gradFunc: (dy) => {
    const both = () => (dy as tf.Tensor).clone();
    return { x: both, y: both };
  },
};
