import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type PackedMatrix } from '../../nn';

/**
 * x Wᵀ or x W in one dispatch. Every WebGPU has `unpack2x16float`; arithmetic in float16 only some
 * have.
 */
export function halfMatMulWebGpu(
  { x, halves }: Record<'x' | 'halves', tf.TensorInfo>,
  { shape, transpose }: { shape: [number, number]; transpose: boolean },
): tf.TensorInfo {
  const weight: PackedMatrix = {
    shape,
    name: 'halves',
    inputs: { halves },
    body: `
      let pair = unpack2x16float(bitcast<u32>(halves[index / 2]));
      return select(pair.x, pair.y, index % 2 == 1);`,
  };
  return multiplyWebGpu({ products: [[x, weight]], transpose });
}
