import type * as tf from '@tensorflow/tfjs';
import { defineOp } from '../../op';

/**
 * The same numbers in another shape, owned by the caller. Unlike `tf.reshape` it keeps nothing on
 * the tape, which would hold x, and with it memory that nothing else needs.
 */
export function reshapeUntaped<Result extends tf.Tensor>(
  x: tf.Tensor,
  shape: readonly number[],
): Result {
  return reshape({ x }, { from: x.shape, to: [...shape] }) as Result;
}

const reshape = defineOp<{ x: tf.Tensor }, { from: number[]; to: number[] }>('ReshapeUntaped', {
  shapes: { x: ['...', 'int32 ...'] },
  reference: ({ x }, { to }) => x.reshape(to),
  gradient: (dy, _, { from }) => ({ x: () => dy.reshape(from) }),
});
