import type * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../../tensor/op';
import { type Scales, scalesTensor } from './low-rank-product';

/** Cost of reading a number of W0 from memory and writing another, in multiplications (measured). */
const TRAFFIC = 8;

/**
 * W0 + s B A [d, k] on TensorFlow's CPU, or null if that costs more than it saves on n rows; to be
 * called in a `tf.tidy`.
 */
export function mergeIfCheaper(
  n: number,
  { w0, A, B }: Record<'w0' | 'A' | 'B', tf.Tensor2D>,
  scaling: Scales,
): tf.Tensor2D | null {
  if (!isCheaper(n, w0.shape, A.shape[0], scaling)) return null;
  return runNativeOp<tf.Tensor2D>('LoraMerge', [w0, A, B, scalesTensor(scaling)]);
}

/**
 * Whether (W0 + s B A) x costs less than W0 x + s B (A x), counted in multiplications: r k d against
 * n r (k + d), for n rows of x. Only if one scale holds for all rows.
 * (Cherniuk et al. 2023, "Run LoRA Run")
 */
function isCheaper(n: number, [d, k]: [number, number], r: number, scaling: Scales): boolean {
  const isOneScale = typeof scaling === 'number' || scaling.shape[0] === 1;
  return isOneScale && (r + TRAFFIC) * k * d < n * r * (k + d);
}
