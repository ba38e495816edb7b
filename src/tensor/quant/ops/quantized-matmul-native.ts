import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../../op';
import { LEVELS } from '../levels';
import type { QuantizedMatMulAttrs, QuantizedMatMulInputs } from './quantized-matmul';
import { dequantizeScales } from './quantized-matmul-plain';
import { multiplyByTiles, NATIVE_AT_ONCE, type Tile, type TiledWeight } from './tiles';

/** The kernel on TensorFlow's CPU: one op makes the rows of a tile. */
export const quantizedMatMulNative: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, packed, scales } = inputs as QuantizedMatMulInputs;
  const { transpose, ...layout } = attrs as unknown as QuantizedMatMulAttrs;
  const { shape, type, blockSize } = layout;
  return tf.tidy(() => {
    const given = [packed, dequantizeScales(packed, scales, layout), tf.tensor1d(LEVELS[type])];
    const rowsOf = (tile: Tile) => {
      const sizes = { ...tile, k: shape[1], block_size: blockSize };
      return runNativeOp(backend, 'LoraUnpackLevels', given, sizes) as tf.Tensor2D;
    };
    const weight: TiledWeight = { shape, unit: blockSize, atOnce: NATIVE_AT_ONCE, rowsOf };
    return multiplyByTiles(x, weight, transpose);
  });
};
