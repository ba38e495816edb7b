import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { alive, freshSeed, poison } from '../../../tests/fresh';
import { matrix, type Matrix, multiply, transpose } from '../../../tests/matrix';
import { ArgumentError, DisposedError, NonFiniteError, ShapeError } from '../errors';
import { countParameters, type HostLinear } from '../nn';
import { memory, peakBytes, Random, read, useAccelerator } from '../runtime';
import { HalfLinear, halfLinear } from './half-linear';

before(useAccelerator);

/** Rounds to 11 binary digits, ties to even; below 2^-14 in steps of 2^-24. */
function round(value: number): number {
  const size = Math.abs(value);
  const step = 2 ** (Math.max(-14, Math.floor(Math.log2(size))) - 10);
  const lower = Math.floor(size / step);
  const rest = size / step - lower;
  const isUp = rest > 0.5 || (rest === 0.5 && lower % 2 === 1);
  return Math.sign(value) * step * (isUp ? lower + 1 : lower);
}

/** x [n, k] and W [d, k]: few rows, few columns, odd numbers of weights, tiles large and small. */
const SIZES: [n: number, d: number, k: number][] = [
  [1, 1, 1],
  [1, 9, 33],
  [3, 130, 65],
  [9, 5, 7],
  [70, 33, 37],
  [67, 16, 40],
  [600, 421, 5],
];

describe('HalfLinear and its gradient equal loops in float64 over the rounded weights', () => {
  for (const [n, d, k] of SIZES) {
    const seed = freshSeed();
    for (const bias of [true, false]) {
      test(`${n} rows, ${k} to ${d}${bias ? '' : ', without bias'}, seed ${seed}`, () =>
        compare(n, d, k, { bias, seed }));
    }
  }
});

async function compare(
  n: number,
  d: number,
  k: number,
  { bias, seed }: { bias: boolean; seed: number },
): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const [x, dh] = [random.normal([1, n, k], 0, 1), random.normal([1, n, d], 0, 1)];
  const drawn = await draw(random, d, k);
  const host = bias ? drawn : { ...drawn, bias: null };
  const layer = new HalfLinear(host);
  const rounded = Array.from(host.weight, round);
  const W: Matrix = Array.from({ length: d }, (_, i) => rounded.slice(i * k, (i + 1) * k));
  const product = multiply(await matrix(x), transpose(W));
  const h = product.map((row) =>
    row.map((value, i) => value + (host.bias ? (host.bias[i] ?? NaN) : 0)),
  );

  await poison([n, d], [n, d], [n, k]);
  const { value, grad } = tf.valueAndGrad((v) => layer.forward(v))(x, dh);
  assert.deepEqual(value.shape, [1, n, d]);
  assertClose(await read(value), h.flat(), 1e-5, 'h');
  assertClose(await read(grad), multiply(await matrix(dh), W).flat(), 1e-5, 'dL/dx');
  const dense = layer.denseWeight();
  assert.deepEqual(dense.shape, [d, k]);
  assert.deepEqual(Array.from(await read(dense)), rounded);
  tf.dispose([x, dh, value, grad, dense]);
  layer.dispose();
  assert.deepEqual(alive(), start);
}

/** Draws a layer's numbers, many of them below float16's 2^-14. */
async function draw(random: Random, outFeatures: number, inFeatures: number) {
  const [weight, bias] = await Promise.all(
    [[outFeatures, inFeatures], [outFeatures]].map(async (shape) => {
      const drawn = tf.tidy(() => random.normal(shape, 0, 1).pow(5));
      const values = await read(drawn);
      drawn.dispose();
      return values;
    }),
  );
  return { weight, bias, outFeatures, inFeatures } as HostLinear;
}

describe('HalfLinear', () => {
  test('rounds to nearest, ties to even, and multiplies by its smallest numbers too', async () => {
    const [tiny, unit] = [2 ** -24, 2 ** -10];
    const pairs = [
      [1 + 0.5 * unit, 1],
      [1 + 1.5 * unit, 1 + 2 * unit],
      [-1 - 0.51 * unit, -1 - unit],
      [65504, 65504],
      [-0.1, -0.0999755859375],
      [1023 * tiny, 1023 * tiny],
      [0.5 * tiny, 0],
      [1.5 * tiny, 2 * tiny],
      [0, 0],
    ] as [number, number][];
    for (const [given, want] of pairs) {
      const weight = Float32Array.of(given, given, given);
      const layer = new HalfLinear({
        weight,
        bias: new Float32Array(3),
        outFeatures: 3,
        inFeatures: 1,
      });
      const h = tf.tidy(() => layer.multiply(tf.ones([1, 1])));
      assert.deepEqual(Array.from(await read(h)), [want, want, want]);
      h.dispose();
      layer.dispose();
    }
  });

  test('takes half the memory, is frozen, and never is whole in float32', async () => {
    const [outFeatures, inFeatures] = [1024, 1025];
    const weight = new Float32Array(outFeatures * inFeatures).fill(0.1);
    const bias = new Float32Array(outFeatures);
    const start = memory().bytes;
    const layer = halfLinear({ weight, bias, outFeatures, inFeatures });
    assert.equal(memory().bytes - start, 2 * weight.length + 4 * outFeatures);
    assert.equal(layer.weightBytes, 2 * weight.length);
    assert.deepEqual([...layer.namedParameters().keys()], ['halves', 'bias']);
    assert.deepEqual(countParameters(layer), {
      trainable: 0,
      total: weight.length + outFeatures,
    });
    for (const { trainable } of layer.namedParameters().values()) assert.ok(!trainable);
    const x = tf.ones([1, inFeatures]);
    const before = memory().bytes;
    const { result, peakBytes: peak } = await peakBytes(() =>
      Promise.resolve(tf.grad((v) => layer.forward(v))(x)),
    );
    assert.ok(peak - before < 4 * weight.length, `${peak - before} bytes in between`);
    tf.dispose([x, result]);
    layer.dispose();
  });

  test('refuses what float16 cannot hold and what does not fit, and leaves nothing behind', () => {
    const start = memory();
    const make = (weight: number[], bias: number[] | null = [0, 0]) =>
      halfLinear({
        weight: Float32Array.from(weight),
        bias: bias && Float32Array.from(bias),
        outFeatures: 2,
        inFeatures: 2,
      });
    for (const large of [65504.01, -65519, 1e30]) {
      assert.throws(() => make([0, 1, large, 2]), {
        name: ArgumentError.name,
        message: /at most 65504 in magnitude, .* got -?\d/,
      });
    }
    for (const odd of [NaN, Infinity]) assert.throws(() => make([0, 1, 2, odd]), NonFiniteError);
    assert.throws(() => make([1, 2, 3]), ShapeError);
    assert.throws(() => make([1, 2, 3, 4], [1]), ShapeError);
    assert.deepEqual(memory(), start);
    const layer = make([1, 2, 3, 4]);
    assert.throws(() => layer.forward(tf.ones([2, 3])), ShapeError);
    layer.dispose();
    assert.throws(() => layer.forward(tf.ones([2, 2])), DisposedError);
    assert.throws(() => layer.denseWeight(), DisposedError);
  });
});
