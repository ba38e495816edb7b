import * as tf from '@tensorflow/tfjs';
import type { IntegerType } from '../../nn';
import { ALL_LEVELS, codesInWord, type QuantizationType } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import { joinTiles, REFERENCE_AT_ONCE, type Tile, type TiledWeight } from './tiles';
import { lookUp, unpack } from './unpack';

/** How the numbers of W [d, k] are packed. */
export interface QuantizedLayout {
  /** [d, k] */
  shape: [number, number];
  type: QuantizationType | IntegerType;
  blockSize: number;
  /** 8 bits, or float32 */
  scalesInBytes: boolean;
  /** whether a number is its level times its scale plus an offset; they follow the scales */
  hasOffsets: boolean;
}

/** The levels that 16 bits stand for, by type, once they are needed. */
const TABLES = new Map<QuantizedLayout['type'], Float32Array>();
/** The two levels of the scales that 16 bits stand for. */
const SCALE_TABLE = tableOf(SCALE_LEVELS, 8);

function tableFor(type: QuantizedLayout['type']): Float32Array {
  const table = TABLES.get(type) ?? tableOf(ALL_LEVELS[type], codesInWord(type) === 8 ? 4 : 8);
  TABLES.set(type, table);
  return table;
}

/**
 * The levels for codes of that many bits, [65536, 16 / bits]: one row is gathered for each half of a
 * word. In each byte the high 4 bits come first.
 */
function tableOf(levels: Float32Array, bits: 4 | 8): Float32Array {
  const shifts = bits === 4 ? [4, 0, 12, 8] : [0, 8];
  const table = new Float32Array(2 ** 16 * shifts.length);
  for (let i = 0; i < table.length; i++) {
    const shift = shifts[i % shifts.length] as number;
    const half = Math.floor(i / shifts.length);
    table[i] = levels[(half >> shift) & (2 ** bits - 1)] as number;
  }
  return table;
}

/** W [d, k] in float32, owned by the caller: to read or to merge into; no kernel needs it. */
export function dequantizeWeight(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  layout: QuantizedLayout,
): tf.Tensor2D {
  return tf.tidy(() => joinTiles(tiledWeight(packed, scales, layout)));
}

/** W in tiles, in tfjs ops. The scales, one float32 a block, are all unpacked at once. */
export function tiledWeight(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  layout: QuantizedLayout,
): TiledWeight {
  const { shape, blockSize } = layout;
  const blockScales = dequantizeScales(packed, scales, layout);
  const rowsOf = (tile: Tile) => dequantizeRows(packed, blockScales, layout, tile);
  return { shape, unit: blockSize, atOnce: REFERENCE_AT_ONCE, rowsOf };
}

/** Rows of W in float32, [rows, k]. */
function dequantizeRows(
  packed: tf.Tensor1D,
  blockScales: tf.Tensor1D,
  { shape: [, k], type, blockSize, hasOffsets }: QuantizedLayout,
  { row, rows }: Tile,
): tf.Tensor2D {
  return tf.tidy(() => {
    const [first, count, inWord] = [row * k, rows * k, codesInWord(type)];
    const words = { first: first / inWord, count: Math.ceil(count / inWord) };
    const values = lookUp(tableFor(type), unpack({ words: packed }, words), count);
    const [block, blocks] = [first / blockSize, Math.ceil(count / blockSize)];
    const scales = blockScales.slice(block, blocks);
    const offsets = hasOffsets ? blockScales.slice(blockScales.size / 2 + block, blocks) : null;
    return scaleBlocks(values, scales, blockSize, offsets).reshape([rows, k]);
  });
}

/** One float32 scale for each block of W, and the offsets, if any. */
export function dequantizeScales(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  { shape: [d, k], blockSize, scalesInBytes }: QuantizedLayout,
): tf.Tensor1D {
  if (!scalesInBytes) return scales;
  return tf.tidy(() => {
    const count = Math.ceil((d * k) / blockSize);
    const words = { first: Math.ceil((d * k) / 8), count: Math.ceil(count / 4) };
    const values = lookUp(SCALE_TABLE, unpack({ words: packed }, words), count);
    const [blocks, offset] = tf.split(scales, [scales.size - 1, 1]) as [tf.Tensor1D, tf.Tensor1D];
    return scaleBlocks(values, blocks, SCALES_BLOCK).add(offset);
  });
}

/** Each block of values times its scale, plus its offset. */
function scaleBlocks(
  values: tf.Tensor1D,
  scales: tf.Tensor1D,
  blockSize: number,
  offsets: tf.Tensor1D | null = null,
): tf.Tensor1D {
  return tf.tidy(() => {
    const missing = scales.size * blockSize - values.size;
    const blocks = values.pad([[0, missing]]).reshape([scales.size, blockSize]);
    const scaled = blocks.mul(scales.expandDims(1));
    const moved = offsets ? scaled.add(offsets.expandDims(1)) : scaled;
    return moved.reshape<tf.Tensor1D>([-1]).slice(0, values.size);
  });
}
