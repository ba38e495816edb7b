import * as tf from '@tensorflow/tfjs';
import { defineOp, type Op, runNativeOp } from '../../op';
import { decodeFloat16 } from '../../runtime';
import { halfMatMulWebGpu } from './half-matmul-webgpu';
import {
  joinTiles,
  multiplyByTiles,
  NATIVE_AT_ONCE,
  REFERENCE_AT_ONCE,
  type Tile,
  type TiledWeight,
} from './tiles';
import { lookUp, unpack } from './unpack';

type Inputs = {
  x: tf.Tensor2D;
  /** int32, two numbers of W in float16 a word, the first in the low half */
  halves: tf.Tensor1D;
};

type Attrs = {
  /** of W, [d, k] */
  shape: [number, number];
  /** x Wᵀ, as in a layer, rather than x W */
  transpose: boolean;
};

/** The number that each pattern of 16 bits stands for. */
const NUMBERS = Float32Array.from({ length: 2 ** 16 }, (_, bits) => decodeFloat16(bits));

/**
 * x Wᵀ for W [d, k] in float16 and x [n, k], or without `transpose` x W for x [n, d]: [n, d] or
 * [n, k], owned by the caller. Summed in float32. One op on the tape, which keeps no x.
 *
 * dL/dx = dL/dh W, by the same op; W has no gradient.
 */
export const halfMatMul: Op<Inputs, Attrs, tf.Tensor2D> = defineOp<Inputs, Attrs, tf.Tensor2D>(
  'HalfMatMul',
  {
    shapes: {
      x: ({ shape: [d, k], transpose }) => `n ${transpose ? k : d}`,
      halves: ({ shape: [d, k] }) => `int32 ${Math.ceil((d * k) / 2)}`,
    },
    reference: ({ x, halves }, { shape, transpose }) =>
      tf.tidy(() => multiplyByTiles(x, tiledWeight(halves, shape), transpose)),
    native: ({ x, halves }, { shape, transpose }) =>
      tf.tidy(() => multiplyByTiles(x, nativeTiles(halves, shape), transpose)),
    webgpu: halfMatMulWebGpu,
    saves: ['halves'],
    gradient: (dy, { halves }, { shape, transpose }) => ({
      x: () => halfMatMul({ x: dy, halves }, { shape, transpose: !transpose }),
    }),
  },
);

/** W [d, k] in float32, owned by the caller. */
export function denseHalves(halves: tf.Tensor1D, shape: [number, number]): tf.Tensor2D {
  return tf.tidy(() => joinTiles(tiledWeight(halves, shape)));
}

function tiledWeight(halves: tf.Tensor1D, shape: [number, number]): TiledWeight {
  const k = shape[1];
  const rowsOf = ({ row, rows }: Tile) =>
    tf.tidy(() => {
      const words = { first: (row * k) / 2, count: Math.ceil((rows * k) / 2) };
      const found = lookUp(NUMBERS, unpack({ words: halves }, words), rows * k);
      return found.reshape<tf.Tensor2D>([rows, k]);
    });
  return { shape, unit: 2, atOnce: REFERENCE_AT_ONCE, rowsOf };
}

/** One compiled op unpacks the rows of a tile. */
function nativeTiles(halves: tf.Tensor1D, shape: [number, number]): TiledWeight {
  const rowsOf = (tile: Tile) =>
    runNativeOp<tf.Tensor2D>('LoraUnpackHalves', [halves], { ...tile, k: shape[1] });
  return { shape, unit: 2, atOnce: NATIVE_AT_ONCE, rowsOf };
}
