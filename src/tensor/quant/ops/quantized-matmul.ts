import * as tf from '@tensorflow/tfjs';
import { defineOp, type Op, runNativeOp } from '../../op';
import { ALL_LEVELS, codesInWord } from '../levels';
import { SCALES_BLOCK } from '../quantize';
import { dequantizeScales, type QuantizedLayout, tiledWeight } from './dequantize-weight';
import { quantizedMatMulWebGpu } from './quantized-matmul-webgpu';
import { multiplyByTiles, NATIVE_AT_ONCE, type Tile, type TiledWeight } from './tiles';

type Inputs = {
  x: tf.Tensor2D;
  /** int32, the bytes of the codes in memory order; then the bytes of the scales, if in 8 bits */
  packed: tf.Tensor1D;
  /**
   * float32, one for each block, then the blocks' offsets, if any; or for scales in 8 bits one for
   * each 256, and last their offset
   */
  scales: tf.Tensor1D;
};

type Attrs = QuantizedLayout & {
  /** x Wᵀ, as in a layer, rather than x W */
  transpose: boolean;
};

/**
 * x Wᵀ for W [d, k] in 4 or 8 bits and x [n, k], or without `transpose` x W for x [n, d]: [n, d] or
 * [n, k], owned by the caller. One op on the tape, which keeps no x.
 *
 * dL/dx = dL/dh W, by the same op; W has no gradient.
 */
export const quantizedMatMul: Op<Inputs, Attrs, tf.Tensor2D> = defineOp<Inputs, Attrs, tf.Tensor2D>(
  'QuantizedMatMul',
  {
    shapes: {
      x: ({ shape: [d, k], transpose }) => `n ${transpose ? k : d}`,
      packed: (layout) => `int32 ${sizesOf(layout).words}`,
      scales: (layout) => String(sizesOf(layout).scales),
    },
    reference: ({ x, packed, scales }, { transpose, ...layout }) =>
      tf.tidy(() => multiplyByTiles(x, tiledWeight(packed, scales, layout), transpose)),
    native: ({ x, packed, scales }, { transpose, ...layout }) =>
      tf.tidy(() => multiplyByTiles(x, nativeTiles(packed, scales, layout), transpose)),
    webgpu: quantizedMatMulWebGpu,
    saves: ['packed', 'scales'],
    gradient: (dy, { packed, scales }, { transpose, ...layout }) => ({
      x: () => quantizedMatMul({ x: dy, packed, scales }, { ...layout, transpose: !transpose }),
    }),
  },
);

/** The sizes of `packed` and `scales`; codes and scales each start at a word. */
function sizesOf({ shape: [d, k], type, blockSize, ...layout }: QuantizedLayout) {
  const { scalesInBytes, hasOffsets } = layout;
  const blocks = Math.ceil((d * k) / blockSize);
  return {
    words: Math.ceil((d * k) / codesInWord(type)) + (scalesInBytes ? Math.ceil(blocks / 4) : 0),
    scales: scalesInBytes ? Math.ceil(blocks / SCALES_BLOCK) + 1 : blocks * (hasOffsets ? 2 : 1),
  };
}

/** One compiled op unpacks the rows of a tile. */
function nativeTiles(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  layout: QuantizedLayout,
): TiledWeight {
  const { shape, type, blockSize, hasOffsets } = layout;
  const given = [packed, dequantizeScales(packed, scales, layout), tf.tensor1d(ALL_LEVELS[type])];
  const attributes = { k: shape[1], block_size: blockSize, has_offsets: hasOffsets ? 1 : 0 };
  const rowsOf = (tile: Tile) =>
    runNativeOp<tf.Tensor2D>('LoraUnpackLevels', given, { ...tile, ...attributes });
  return { shape, unit: blockSize, atOnce: NATIVE_AT_ONCE, rowsOf };
}
