import type * as tf from '@tensorflow/tfjs';
import { multiplyThin } from './multiply-thin-webgpu';
import { multiplyTiles } from './multiply-tiles-webgpu';
import { shapeOf, type SumOfProducts } from './sum-of-products';

/** Outputs of so few rows or columns would leave most of a tile empty. */
const FEW_ROWS = 8;
const FEW_COLUMNS = 16;
/** ... unless the inner axis is too short to be shared out. */
const SHORT = 32;

/**
 * s ⊙ Σ L Rᵀ + b + addend on WebGPU, [n, columns], in one dispatch; data that the caller frees or
 * hands to tfjs. Which shader sums, and so in which order, depends on the first product alone: a
 * second one of zeros changes nothing, to the last bit.
 */
export function multiplyWebGpu(backend: unknown, sum: SumOfProducts): tf.TensorInfo {
  const [rows, columns] = shapeOf(sum);
  const inner = (sum.products[0] as SumOfProducts['products'][number])[0].shape[1] as number;
  const isThin = (rows <= FEW_ROWS || columns <= FEW_COLUMNS) && inner >= SHORT;
  return (isThin ? multiplyThin : multiplyTiles)(backend, sum);
}
