import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type PackedMatrix } from '../../nn';
import { LEVELS } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import type { QuantizedLayout } from './dequantize-weight';

/** x Wᵀ or x W in one dispatch: weights are unpacked as the product reads them, never written. */
export function quantizedMatMulWebGpu(
  { x, ...weight }: Record<'x' | 'packed' | 'scales', tf.TensorInfo>,
  { transpose, ...layout }: QuantizedLayout & { transpose: boolean },
): tf.TensorInfo {
  const levels = tf.tensor1d([...LEVELS[layout.type], ...SCALE_LEVELS]);
  const packed = packedMatrix({ ...weight, levels }, layout);
  const output = multiplyWebGpu({ products: [[x, packed]], transpose });
  levels.dispose();
  return output;
}

/** The high half of a byte comes first: i ^ 1. */
function packedMatrix(
  inputs: Record<'packed' | 'scales' | 'levels', tf.TensorInfo>,
  { shape, blockSize, scalesInBytes }: QuantizedLayout,
): PackedMatrix {
  const [d, k] = shape;
  const inBytes = `
      let scaleCode = (packed[uniforms.firstScale + block / 4] >> u32(8 * (block % 4))) & 255;
      let factor = scales[block / ${SCALES_BLOCK}];
      let scale = levels[16 + scaleCode] * factor + scales[uniforms.offsetAt];`;
  return {
    shape,
    name: `quantized_${scalesInBytes}`,
    inputs,
    integers: {
      blockSize,
      firstScale: Math.ceil((d * k) / 8),
      offsetAt: (inputs.scales.shape[0] as number) - 1,
    },
    body: `
      let block = index / uniforms.blockSize;
      ${scalesInBytes ? inBytes : 'let scale = scales[block];'}
      let code = (packed[index / 8] >> u32(4 * ((index % 8) ^ 1))) & 15;
      return levels[code] * scale;`,
  };
}
