import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type PackedMatrix } from '../../nn';
import { LEVELS } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import type {
  QuantizedLayout,
  QuantizedMatMulAttrs,
  QuantizedMatMulInputs,
} from './quantized-matmul';

/** In one dispatch: weights are unpacked as the product reads them; none is ever written back. */
export const quantizedMatMulWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, ...weight } = inputs as QuantizedMatMulInputs;
  const { transpose, ...layout } = attrs as unknown as QuantizedMatMulAttrs;
  const levels = tf.tensor1d([...LEVELS[layout.type], ...SCALE_LEVELS]);
  const packed = packedMatrix({ ...weight, levels }, layout);
  const output = multiplyWebGpu(backend, { products: [[x, packed]], transpose });
  levels.dispose();
  return output;
};

/** Of a byte the high half comes first: i ^ 1. */
function packedMatrix(
  inputs: Record<'packed' | 'scales' | 'levels', tf.Tensor>,
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
    integers: { blockSize, firstScale: Math.ceil((d * k) / 8), offsetAt: inputs.scales.size - 1 },
    body: `
      let block = index / uniforms.blockSize;
      ${scalesInBytes ? inBytes : 'let scale = scales[block];'}
      let code = (packed[index / 8] >> u32(4 * ((index % 8) ^ 1))) & 15;
      return levels[code] * scale;`,
  };
}
