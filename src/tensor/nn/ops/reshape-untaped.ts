import * as tf from '@tensorflow/tfjs';
import type { Kernels } from '../../op';

/** The op's name in the tfjs registry. */
export const FOLD = 'Fold';

type Attrs = { from: number[]; to: number[] };

/**
 * The same numbers in another shape, owned by the caller. Unlike `tf.reshape` it keeps nothing on
 * the tape: that would hold x, and with it memory that nothing else needs any more.
 */
export function reshapeUntaped<Result extends tf.Tensor>(
  x: tf.Tensor,
  shape: readonly number[],
): Result {
  const attrs: Attrs = { from: x.shape, to: [...shape] };
  return tf.engine().runKernel<Result>(FOLD, { x }, attrs);
}

export const foldKernels: Kernels = {
  plain: ({ inputs, attrs }) => {
    const { x } = inputs as { x: tf.Tensor };
    return x.reshape((attrs as Attrs).to);
  },
};

export const foldGradient: tf.GradConfig = {
  kernelName: FOLD,
  gradFunc: (dy, _, attrs) => ({ x: () => (dy as tf.Tensor).reshape((attrs as Attrs).from) }),
};
