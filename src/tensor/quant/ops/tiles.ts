import * as tf from '@tensorflow/tfjs';

/** Weights unpacked at a time by the reference; its temporaries need several times that memory. */
export const REFERENCE_AT_ONCE = 2 ** 16;
/** Weights unpacked at a time by a compiled op. */
export const NATIVE_AT_ONCE = 2 ** 18;

/** Some rows of W; the first number is the first of a unit. */
export interface Tile {
  row: number;
  rows: number;
}

/** W [d, k], unpacked to float32 some rows at a time. */
export interface TiledWeight {
  /** [d, k] */
  shape: [number, number];
  /** the count of numbers that are packed together, in row-major order */
  unit: number;
  /** the count of numbers that are in float32 at one time */
  atOnce: number;
  /** the rows of a tile in float32, [rows, k] */
  rowsOf(tile: Tile): tf.Tensor2D;
}

/** x Wᵀ or x W, without all of W in float32 at one time. */
export function multiplyByTiles(
  x: tf.Tensor2D,
  weight: TiledWeight,
  transpose: boolean,
): tf.Tensor2D {
  return transpose ? timesTransposed(x, weight) : times(x, weight);
}

/** All of W, [d, k]. */
export function joinTiles(weight: TiledWeight): tf.Tensor2D {
  const parts = tilesOf(weight).map((tile) => weight.rowsOf(tile));
  return tf.concat2d(parts, 0);
}

/** x Wᵀ [n, d]: the products of the tiles, joined along d. */
function timesTransposed(x: tf.Tensor2D, weight: TiledWeight): tf.Tensor2D {
  const parts = tilesOf(weight).map((tile) =>
    tf.tidy(() => tf.matMul<tf.Tensor2D>(x, weight.rowsOf(tile), false, true)),
  );
  return tf.concat2d(parts, 1);
}

/** x W [n, k]: the products of the tiles, summed. */
function times(x: tf.Tensor2D, weight: TiledWeight): tf.Tensor2D {
  let sum = tf.zeros<tf.Rank.R2>([x.shape[0], weight.shape[1]]);
  for (const tile of tilesOf(weight)) {
    const before = sum;
    sum = tf.tidy(() => {
      const part = x.slice([0, tile.row], [x.shape[0], tile.rows]);
      return before.add(tf.matMul(part, weight.rowsOf(tile)));
    });
    before.dispose();
  }
  return sum;
}

function tilesOf({ shape: [d, k], unit, atOnce }: TiledWeight): Tile[] {
  const step = unit / greatestCommonDivisor(k, unit);
  const rows = step * Math.max(1, Math.floor(atOnce / (step * k)));
  return Array.from({ length: Math.ceil(d / rows) }, (_, i) => ({
    row: i * rows,
    rows: Math.min(rows, d - i * rows),
  }));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
