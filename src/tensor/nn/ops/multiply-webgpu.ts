import type * as tf from '@tensorflow/tfjs';
import { multiplyThin } from './multiply-thin-webgpu';
import { multiplyTiles } from './multiply-tiles-webgpu';
import { shapeOf, type SumOfProducts } from './sum-of-products';

/** Outputs with at most this many rows or columns would leave most of a tile empty ... */
const FEW_ROWS = 8;
const FEW_COLUMNS = 16;
/** ... but an inner axis shorter than this can't be shared among threads. */
const SHORT = 32;

/**
 * s ⊙ Σ L Rᵀ + b + addend on WebGPU, [n, columns], in one dispatch; the caller frees the data or
 * hands it to tfjs. The first product alone decides which shader sums, and so in which order: a
 * second product of zeros changes nothing, to the last bit.
 */
export function multiplyWebGpu(sum: SumOfProducts): tf.TensorInfo {
  const [rows, columns] = shapeOf(sum);
  const inner = (sum.products[0] as SumOfProducts['products'][number])[0].shape[1] as number;
  const isThin = (rows <= FEW_ROWS || columns <= FEW_COLUMNS) && inner >= SHORT;
  return (isThin ? multiplyThin : multiplyTiles)(sum);
}
