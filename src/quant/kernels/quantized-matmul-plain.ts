import * as tf from '@tensorflow/tfjs';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import { LEVELS } from '../levels';
import type {
  QuantizedLayout,
  QuantizedMatMulAttrs,
  QuantizedMatMulInputs,
} from './quantized-matmul';
import { unpack } from './unpack';

/** Weights in float32 at one time. On the way there they take some times as much. */
const TILE = 2 ** 16;

/** What 16 bits stand for: four levels, of either byte that of the high half first. */
const TABLES = { nf4: tableOf(LEVELS.nf4, 4), fp4: tableOf(LEVELS.fp4, 4) };
/** What 16 bits stand for: two levels of the scales. */
const SCALE_TABLE = tableOf(SCALE_LEVELS, 8);

/** [65536, 16 / bits], the levels for codes of that many bits; one gather of a row for each. */
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

/** Rows of W whose first number opens a block. */
interface Tile {
  row: number;
  rows: number;
}

/**
 * The kernel in plain tfjs ops, for every backend: W is dequantised some rows at a time, and
 * never whole. The float32 scales, one for each block, are.
 */
export const quantizedMatMulPlain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, packed, scales } = inputs as QuantizedMatMulInputs;
  const { transpose, ...layout } = attrs as unknown as QuantizedMatMulAttrs;
  return tf.tidy(() => {
    const blockScales = dequantizeScales(packed, scales, layout);
    const weight = (tile: Tile) => dequantizeRows(packed, blockScales, layout, tile);
    return transpose ? timesTransposed(x, weight, layout) : times(x, weight, layout);
  });
};

/** W [d, k] in float32, owned by the caller: to look at or to merge into; no kernel needs it. */
export function dequantizeWeight(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  layout: QuantizedLayout,
): tf.Tensor2D {
  return tf.tidy(() => {
    const blockScales = dequantizeScales(packed, scales, layout);
    return tf.concat2d(
      tilesOf(layout).map((tile) => dequantizeRows(packed, blockScales, layout, tile)),
      0,
    );
  });
}

type WeightOf = (tile: Tile) => tf.Tensor2D;

/** x Wᵀ [n, d], tile beside tile. */
function timesTransposed(x: tf.Tensor2D, weight: WeightOf, layout: QuantizedLayout): tf.Tensor2D {
  const parts = tilesOf(layout).map((tile) =>
    tf.tidy(() => tf.matMul<tf.Tensor2D>(x, weight(tile), false, true)),
  );
  return tf.concat2d(parts, 1);
}

/** x W [n, k], summed over the tiles. */
function times(x: tf.Tensor2D, weight: WeightOf, layout: QuantizedLayout): tf.Tensor2D {
  let sum = tf.zeros<tf.Rank.R2>([x.shape[0], layout.shape[1]]);
  for (const tile of tilesOf(layout)) {
    const before = sum;
    sum = tf.tidy(() => {
      const part = x.slice([0, tile.row], [x.shape[0], tile.rows]);
      return before.add(tf.matMul(part, weight(tile)));
    });
    before.dispose();
  }
  return sum;
}

function tilesOf({ shape: [d, k], blockSize }: QuantizedLayout): Tile[] {
  const unit = blockSize / greatestCommonDivisor(k, blockSize);
  const rows = unit * Math.max(1, Math.floor(TILE / (unit * k)));
  return Array.from({ length: Math.ceil(d / rows) }, (_, i) => ({
    row: i * rows,
    rows: Math.min(rows, d - i * rows),
  }));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
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
    const values = lookUp(TABLES[type], unpack(packed, words), count);
    const scales = blockScales.slice(first / blockSize, Math.ceil(count / blockSize));
    return scaleBlocks(values, scales, blockSize).reshape([rows, k]);
  });
}

/** One float32 scale for each block of W. */
function dequantizeScales(
  packed: tf.Tensor1D,
  scales: tf.Tensor1D,
  { shape: [d, k], blockSize, scalesInBytes }: QuantizedLayout,
): tf.Tensor1D {
  if (!scalesInBytes) return scales;
  return tf.tidy(() => {
    const count = Math.ceil((d * k) / blockSize);
    const words = { first: Math.ceil((d * k) / 8), count: Math.ceil(count / 4) };
    const values = lookUp(SCALE_TABLE, unpack(packed, words), count);
    const [blocks, offset] = tf.split(scales, [scales.size - 1, 1]) as [tf.Tensor1D, tf.Tensor1D];
    return scaleBlocks(values, blocks, SCALES_BLOCK).add(offset);
  });
}

/** The first `count` of the numbers that the halves stand for. */
function lookUp(table: Float32Array, halves: tf.Tensor1D, count: number): tf.Tensor1D {
  return tf.tidy(() => {
    const rows = tf.tensor2d(table, [2 ** 16, table.length / 2 ** 16]);
    return tf.gather(rows, halves).reshape<tf.Tensor1D>([-1]).slice(0, count);
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
