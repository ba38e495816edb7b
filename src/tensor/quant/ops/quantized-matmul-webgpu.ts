import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type PackedMatrix } from '../../nn';
import { ALL_LEVELS, codesInWord } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import type { QuantizedLayout } from './dequantize-weight';

/** x Wᵀ or x W in one dispatch: weights are unpacked as the product reads them, never written. */
export function quantizedMatMulWebGpu(
  { x, ...weight }: Record<'x' | 'packed' | 'scales', tf.TensorInfo>,
  { transpose, ...layout }: QuantizedLayout & { transpose: boolean },
): tf.TensorInfo {
  const levels = tf.tensor1d([...ALL_LEVELS[layout.type], ...SCALE_LEVELS]);
  const packed = packedMatrix({ ...weight, levels }, layout);
  const output = multiplyWebGpu({ products: [[x, packed]], transpose });
  levels.dispose();
  return output;
}

/** The high 4 bits of a byte come first: i ^ 1. */
function packedMatrix(
  inputs: Record<'packed' | 'scales' | 'levels', tf.TensorInfo>,
  { shape, type, blockSize, scalesInBytes, hasOffsets }: QuantizedLayout,
): PackedMatrix {
  const [d, k] = shape;
  const inWord = codesInWord(type);
  const bits = 32 / inWord;
  const inBytes = `
      let scaleCode = (packed[uniforms.firstScale + block / 4] >> u32(8 * (block % 4))) & 255;
      let factor = scales[block / ${SCALES_BLOCK}];
      let scale = levels[${2 ** bits} + scaleCode] * factor + scales[uniforms.offsetAt];`;
  return {
    shape,
    name: `quantized_${bits}_${scalesInBytes}_${hasOffsets}`,
    inputs,
    integers: {
      blockSize,
      firstScale: Math.ceil((d * k) / inWord),
      offsetAt: (inputs.scales.shape[0] as number) - 1,
      firstOffset: Math.ceil((d * k) / blockSize),
    },
    body: `
      let block = index / uniforms.blockSize;
      ${scalesInBytes ? inBytes : 'let scale = scales[block];'}
      let place = (index % ${inWord})${bits === 4 ? ' ^ 1' : ''};
      let code = (packed[index / ${inWord}] >> u32(${bits} * place)) & ${2 ** bits - 1};
      return levels[code] * scale${hasOffsets ? ' + scales[uniforms.firstOffset + block]' : ''};`,
  };
}
