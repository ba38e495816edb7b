import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type PackedMatrix } from '../../nn';
import { type Kernels, runNativeOp } from '../../op';
import { decodeFloat16 } from '../../runtime';
import {
  joinTiles,
  multiplyByTiles,
  NATIVE_AT_ONCE,
  PLAIN_AT_ONCE,
  type Tile,
  type TiledWeight,
} from './tiles';
import { lookUp, unpack } from './unpack';

/** The op's name in the tfjs registry; its kernels and its gradient are registered under it. */
export const HALF_MATMUL = 'HalfMatMul';

type Inputs = tf.NamedTensorMap & {
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

/** What 16 bits stand for. */
const NUMBERS = Float32Array.from({ length: 2 ** 16 }, (_, bits) => decodeFloat16(bits));

/**
 * x Wᵀ, as in a layer, for x [n, k] and W [d, k] in float16, or with `transpose` false x W, for
 * x [n, d]: [n, d] or [n, k], owned by the caller. Summed in float32. One op on the tape, with a
 * gradient to x alone, which needs no x saved.
 */
export function halfMatMul(x: tf.Tensor2D, halves: tf.Tensor1D, attrs: Attrs): tf.Tensor2D {
  const inputs: Inputs = { x, halves };
  return tf.engine().runKernel<tf.Tensor2D>(HALF_MATMUL, inputs, attrs);
}

/** W [d, k] in float32, owned by the caller. */
export function denseHalves(halves: tf.Tensor1D, shape: [number, number]): tf.Tensor2D {
  return tf.tidy(() => joinTiles(tiledWeight(halves, shape)));
}

/** The kernel in plain tfjs ops. */
const plain: tf.KernelFunc = ({ inputs, attrs }) => {
  const { x, halves } = inputs as Inputs;
  const { shape, transpose } = attrs as Attrs;
  return tf.tidy(() => multiplyByTiles(x, tiledWeight(halves, shape), transpose));
};

function tiledWeight(halves: tf.Tensor1D, shape: [number, number]): TiledWeight {
  const k = shape[1];
  const rowsOf = ({ row, rows }: Tile) =>
    tf.tidy(() => {
      const words = { first: (row * k) / 2, count: Math.ceil((rows * k) / 2) };
      return lookUp(NUMBERS, unpack(halves, words), rows * k).reshape<tf.Tensor2D>([rows, k]);
    });
  return { shape, unit: 2, atOnce: PLAIN_AT_ONCE, rowsOf };
}

const native: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, halves } = inputs as Inputs;
  const { shape, transpose } = attrs as Attrs;
  const rowsOf = (tile: Tile) =>
    runNativeOp(backend, 'LoraUnpackHalves', [halves], { ...tile, k: shape[1] }) as tf.Tensor2D;
  const weight: TiledWeight = { shape, unit: 2, atOnce: NATIVE_AT_ONCE, rowsOf };
  return tf.tidy(() => multiplyByTiles(x, weight, transpose));
};

/** In one dispatch; `unpack2x16float` is in every WebGPU, arithmetic in float16 in some. */
const webgpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, halves } = inputs as Inputs;
  const { shape, transpose } = attrs as Attrs;
  const weight: PackedMatrix = {
    shape,
    name: 'halves',
    inputs: { halves },
    body: `
      let pair = unpack2x16float(bitcast<u32>(halves[index / 2]));
      return select(pair.x, pair.y, index % 2 == 1);`,
  };
  return multiplyWebGpu(backend, { products: [[x, weight]], transpose });
};

export const halfMatMulKernels: Kernels = { plain, native, webgpu };

/** dL/dx = dL/dh W: the same op the other way around. */
export const halfMatMulGradient: tf.GradConfig = {
  kernelName: HALF_MATMUL,
  inputsToSave: ['halves'],
  gradFunc: (dh, saved, attrs) => {
    const [halves] = saved as [tf.Tensor1D];
    const { shape, transpose } = attrs as Attrs;
    return { x: () => halfMatMul(dh as tf.Tensor2D, halves, { shape, transpose: !transpose }) };
  },
};
