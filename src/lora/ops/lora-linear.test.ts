import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { alive, freshSeed, poison } from '../../../tests/fresh';
import { add, type Matrix, matrix, multiply, transpose } from '../../../tests/matrix';
import { ShapeError } from '../../tensor/errors';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { addAdapter } from './add-adapter';
import { loraLinear } from './lora-linear';

before(useAccelerator);

/** One number; one for each rank; one for each row and rank, some of them 0. */
type Scaling = 'number' | 'ranks' | 'rows';

interface Case {
  n: number;
  d: number;
  k: number;
  r: number;
  scaling: Scaling;
  bias: boolean;
}

/** One row and few, more than a tile of 64 along each axis, and none of them a multiple of 4. */
const CASES: Case[] = [
  { n: 1, d: 5, k: 7, r: 1, scaling: 'number', bias: true },
  { n: 1, d: 131, k: 70, r: 3, scaling: 'rows', bias: false },
  { n: 8, d: 33, k: 257, r: 4, scaling: 'ranks', bias: true },
  { n: 9, d: 3, k: 2, r: 2, scaling: 'number', bias: false },
  { n: 64, d: 64, k: 32, r: 16, scaling: 'number', bias: true },
  { n: 67, d: 70, k: 37, r: 5, scaling: 'number', bias: true },
  { n: 67, d: 70, k: 37, r: 19, scaling: 'rows', bias: true },
  { n: 130, d: 66, k: 129, r: 67, scaling: 'ranks', bias: false },
  { n: 21, d: 20, k: 150, r: 1, scaling: 'rows', bias: true },
];

type Op = (
  x: tf.Tensor2D,
  ...rest: Parameters<typeof loraLinear> extends [unknown, ...infer Rest] ? Rest : never
) => tf.Tensor;

const OPS: Record<string, Op> = {
  LoRALinear: loraLinear,
  'AddAdapter to W0 x': (x, w0, bias, A, B, scaling) =>
    addAdapter({ x, product: tf.matMul(x, w0, false, true), A, B, bias }, { scaling }),
};

for (const [name, op] of Object.entries(OPS)) {
  describe(`${name} and its gradients equal loops in float64`, () => {
    for (const sizes of CASES) {
      const seed = freshSeed();
      test(`${JSON.stringify(sizes)}, seed ${seed}`, () => compare(op, sizes, seed));
    }
  });
}

async function compare(op: Op, { n, d, k, r, scaling, bias }: Case, seed: number): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const inputs = [
    random.normal([n, k], 0.5, 1), // x
    random.normal([d, k], 0, 1), // W0
    random.normal([r, k], 0, 1), // A
    random.normal([d, r], 0, 1), // B
    ...(bias ? [random.normal([d], 0, 1)] : []),
  ];
  const dy = random.normal([n, d], 0.5, 1);
  const scales = drawScales(random, scaling, [n, r]);
  const want = reference(
    (await Promise.all(inputs.map((input) => matrix(input)))) as Inputs,
    await matrix(dy),
    typeof scales === 'number' ? [[scales]] : await matrix(scales),
  );

  await poison([n, d], [n, d], [n, r], [n, r], [n, k], [n, k], [r, k], [d, r]);
  const forward = (x: tf.Tensor, w0: tf.Tensor, A: tf.Tensor, B: tf.Tensor, b?: tf.Tensor) =>
    op(
      x as tf.Tensor2D,
      w0 as tf.Tensor2D,
      (b as tf.Tensor1D) ?? null,
      A as tf.Tensor2D,
      B as tf.Tensor2D,
      scales,
    );
  const { value, grads } = tf.valueAndGrads(forward)(inputs, dy);
  const got = [value, ...grads];
  for (const [i, name] of ['h', 'dL/dx', 'dL/dW0', 'dL/dA', 'dL/dB', 'dL/db'].entries()) {
    if (i === got.length) break;
    assertClose(await read(got[i] as tf.Tensor), (want[i] as Matrix).flat(), 1e-5, name);
  }
  tf.dispose([...inputs, dy, ...got]);
  if (typeof scales !== 'number') scales.dispose();
  assert.deepEqual(alive(), start);
}

describe('loraLinear refuses', () => {
  for (const [name, shape] of [
    ['w0', [4, 2]],
    ['bias', [5]],
    ['A', [2, 4]],
    ['B', [3, 2]],
    ['scaling', [2, 2]],
  ] as [string, number[]][]) {
    test(`${name} [${shape.join(', ')}] for x [5, 3], W0 [4, 3], b [4], A [2, 3], B [4, 2]`, () => {
      const shapes = { x: [5, 3], w0: [4, 3], bias: [4], A: [2, 3], B: [4, 2], scaling: [5, 2] };
      tf.tidy(() => {
        const given = Object.entries({ ...shapes, [name]: shape }).map(([, size]) => tf.ones(size));
        assert.throws(() => loraLinear(...(given as Parameters<typeof loraLinear>)), ShapeError);
      });
    });
  }

  test('x of whole numbers', () => {
    const x = tf.ones([5, 3], 'int32');
    const [w0, A, B] = [
      tf.ones<tf.Rank.R2>([4, 3]),
      tf.ones<tf.Rank.R2>([2, 3]),
      tf.ones<tf.Rank.R2>([4, 2]),
    ];
    assert.throws(() => loraLinear(x, w0, null, A, B, 2), /x must be float32 \[n, k\], got int32/);
    tf.dispose([x, w0, A, B]);
  });
});

function drawScales(random: Random, scaling: Scaling, [n, r]: [number, number]) {
  if (scaling === 'number') return 1.7;
  const rows = scaling === 'rows' ? n : 1;
  return tf.tidy(() =>
    random
      .uniform<tf.Rank.R2>([rows, r], 0.5, 2)
      .mul<tf.Tensor2D>(rows > 1 ? random.uniform([rows, r], 0, 1).less(0.6) : 1),
  );
}

type Inputs = [x: Matrix, w0: Matrix, A: Matrix, B: Matrix, bias?: Matrix];

/** h, then dL/d of x, W0, A, B and b. The scales are [n, r], [1, r] or [1, 1]. */
function reference([x, w0, A, B, bias]: Inputs, dy: Matrix, scales: Matrix): Matrix[] {
  const scaled = (low: Matrix) =>
    low.map((row, i) => {
      const of = scales[i % scales.length] as number[];
      return row.map((value, q) => value * (of[q % of.length] as number));
    });
  const low = scaled(multiply(x, transpose(A)));
  const dLow = scaled(multiply(dy, B));
  const h = add(multiply(x, transpose(w0)), multiply(low, transpose(B)));
  return [
    bias
      ? add(
          h,
          dy.map(() => bias.flat()),
        )
      : h,
    add(multiply(dy, w0), multiply(dLow, A)),
    multiply(transpose(dy), x),
    multiply(transpose(dLow), x),
    multiply(transpose(dy), low),
    [multiply([dy.map(() => 1)], dy).flat()],
  ];
}
