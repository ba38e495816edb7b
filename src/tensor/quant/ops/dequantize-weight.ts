import * as tf from '@tensorflow/tfjs';
import { LEVELS, type QuantizationType } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import { joinTiles, REFERENCE_AT_ONCE, type Tile, type TiledWeight } from './tiles';
import { lookUp, unpack } from './unpack';

/** How the numbers of W [d, k] are packed. */
export interface QuantizedLayout {
  /** [d, k] */
  shape: [number, number];
  type: QuantizationType;
  blockSize: number;
  /** 8 bits, or float32 */
  scalesInBytes: boolean;
}

/** The four levels that 16 bits stand for; in each byte the high half comes first. */
const TABLES = { nf4: tableOf(LEVELS.nf4, 4), fp4: tableOf(LEVELS.fp4, 4) };
/** The two levels of the scales that 16 bits stand for. */
const SCALE_TABLE = tableOf(SCALE_LEVELS, 8);

/** The levels for codes of that many bits, [65536, 16 / bits]: one row is gathered for each word. */
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
  { shape: [, k], type, blockSize }: QuantizedLayout,
  { row, rows }: Tile,
): tf.Tensor2D {
  return tf.tidy(() => {
    const [first, count] = [row * k, rows * k];
    const words = { first: first / 8, count: Math.ceil(count / 8) };
    const values = lookUp(TABLES[type], unpack({ words: packed }, words), count);
    const scales = blockScales.slice(first / blockSize, Math.ceil(count / blockSize));
    return scaleBlocks(values, scales, blockSize).reshape([rows, k]);
  });
}

/** One float32 scale for each block of W. */
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

/** Each block of values times its scale. */
function scaleBlocks(values: tf.Tensor1D, scales: tf.Tensor1D, blockSize: number): tf.Tensor1D {
  return tf.tidy(() => {
    const missing = scales.size * blockSize - values.size;
    const blocks = values.pad([[0, missing]]).reshape([scales.size, blockSize]);
    return blocks.mul(scales.expandDims(1)).reshape<tf.Tensor1D>([-1]).slice(0, values.size);
  });
}
