import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { assertClose } from '../../tests/close';
import { ArgumentError, DisposedError, NonFiniteError, ShapeError } from '../tensor/errors';
import { countParameters, Linear } from '../tensor/nn';
import { memory, Random, read, useAccelerator } from '../tensor/runtime';
import { freezeBaseModel } from './freeze';
import { gaussian, kaimingUniform } from './init';
import { LoRALayer } from './lora-layer';
import { applyLoraToLinear, LoRALinear, removeLoraFromLinear } from './lora-linear';
import { mergeLoraWeights, unmergeLoraWeights } from './merge';

const sizes = fc
  .record({
    k: fc.integer({ min: 1, max: 24 }),
    d: fc.integer({ min: 1, max: 24 }),
    rank: fc.double({ min: 0, max: 1, noNaN: true }),
    alpha: fc.double({ min: 0.1, max: 40, noNaN: true }),
    lead: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  .map(({ rank, ...rest }) => ({
    ...rest,
    r: 1 + Math.floor(rank * (Math.min(rest.k, rest.d) - 1)),
  }));

/** A layer with every weight random, B too. */
function randomLayer({
  k,
  d,
  r,
  alpha,
  seed,
}: {
  k: number;
  d: number;
  r: number;
  alpha: number;
  seed: number;
}) {
  const base = new Linear({ inFeatures: k, outFeatures: d, seed });
  const layer = applyLoraToLinear(base, { r, alpha, seed: seed + 1 });
  tf.tidy(() => layer.lora.B.assign(new Random(seed + 2).normal<tf.Rank.R2>([d, r], 0, 1)));
  return layer;
}

/** y[i] = sum_j w[i, j] x[j], in float64 on the host. */
function matVec(w: ArrayLike<number>, x: number[]): number[] {
  const rows = w.length / x.length;
  return Array.from({ length: rows }, (_, i) =>
    x.reduce((sum, value, j) => sum + (w[i * x.length + j] as number) * value, 0),
  );
}

/** W0 x + b + s B (A x), row by row, in float64 on the host. */
async function reference({ base, lora }: LoRALinear, x: tf.Tensor): Promise<number[]> {
  const [w0, b, A, B] = await Promise.all(
    [(base as Linear).weight, base.bias as tf.Tensor, lora.A, lora.B].map((t) => read(t)),
  );
  const values = Array.from(await read(x));
  const k = lora.inFeatures;
  return Array.from({ length: values.length / k }, (_, row) => {
    const xRow = values.slice(row * k, (row + 1) * k);
    const added = matVec(B as Float32Array, matVec(A as Float32Array, xRow));
    return matVec(w0 as Float32Array, xRow).map(
      (h, i) => h + (b?.[i] as number) + (lora.alpha / lora.r) * (added[i] as number),
    );
  }).flat();
}

before(useAccelerator);

describe('forward', () => {
  test('is W0 x + b + s B A x for any sizes', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const layer = randomLayer(size);
        const x = new Random(size.seed + 3).normal([...size.lead, size.k], 0, 1);
        const h = layer.forward(x);
        assert.deepEqual(h.shape, [...size.lead, size.d]);
        assertClose(await read(h), await reference(layer, x), 1e-5);
        [x, h, layer, layer.base].forEach((owned) => owned.dispose());
      }),
      { numRuns: 20 },
    );
  });

  test('of a fresh adapter changes nothing, to the last bit', async () => {
    const base = new Linear({ inFeatures: 33, outFeatures: 21, seed: 4 });
    const x = new Random(5).normal([6, 33], 0, 1);
    const layer = applyLoraToLinear(base, { r: 3, alpha: 8 });
    assert.deepEqual(await read(layer.forward(x)), await read(base.forward(x)));
  });

  test('of two adapters on one base shares the base', async () => {
    const base = new Linear({ inFeatures: 768, outFeatures: 768 });
    const before = memory().bytes;
    const layers = [1, 2, 3].map((seed) => applyLoraToLinear(base, { r: 8, alpha: 16, seed }));
    assert.equal(memory().bytes - before, 3 * 12_288 * 4);
    const [a, b] = await Promise.all(layers.slice(0, 2).map((layer) => read(layer.lora.A)));
    assert.notDeepEqual(a, b);
  });
});

describe('inverses', () => {
  test('merge then unmerge gives the base back; both leave their inputs alone', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const layer = randomLayer(size);
        const x = new Random(size.seed + 3).normal([5, size.k], 0, 1);
        const before = await read((layer.base as Linear).weight);
        const merged = await mergeLoraWeights(layer);
        assertClose(await read(merged.forward(x)), await read(layer.forward(x)), 1e-5, 'merged');
        const unmerged = await unmergeLoraWeights(merged, layer.lora);
        const scale = Math.max(...(await read(merged.weight)).map(Math.abs));
        const after = await read(unmerged.weight);
        const difference = Math.max(...after.map((w, i) => Math.abs(w - (before[i] as number))));
        assert.ok(difference <= 1e-6 * scale, `W0 differs by ${difference} of ${scale}`);
        assert.deepEqual(await read((layer.base as Linear).weight), before);
      }),
      { numRuns: 10 },
    );
  });

  test('apply then remove returns the same base, alive', async () => {
    const base = new Linear({ inFeatures: 6, outFeatures: 4 });
    const before = memory().tensors;
    const layer = applyLoraToLinear(base, { r: 2, alpha: 8 });
    assert.equal(removeLoraFromLinear(layer), base);
    assert.equal(memory().tensors, before);
    assert.throws(() => layer.forward(tf.zeros([1, 6])), DisposedError);
    assert.equal((await read(base.forward(tf.zeros([1, 6])))).length, 4);
  });
});

describe('the tape', () => {
  /** The kernels of a backward pass, by profile. */
  async function kernelsOfStep(layer: LoRALinear, x: tf.Tensor) {
    const profile = await tf.profile(() => {
      const { value, grads } = tf.variableGrads(() => layer.forward(x).square().sum().asScalar());
      value.dispose();
      tf.dispose(grads);
    });
    return profile.kernels;
  }

  test('never computes the gradient of a frozen weight, never forms B A', async () => {
    const layer = randomLayer({ k: 10, d: 6, r: 2, alpha: 3, seed: 1 });
    const x = new Random(2).normal([4, 10], 0, 1);
    const products = async () =>
      (await kernelsOfStep(layer, x)).filter(({ name }) => /MatMul/.test(name));
    const trained = (await products()).length;
    freezeBaseModel(layer.base);
    const frozen = await products();
    // Forward 3 (W0 x, A x, B Ax), of which a fused kernel does two unseen; backward 4: dy B, then
    // dA; A x again, then dB.
    assert.ok(frozen.length <= 7, `${frozen.length} products`);
    assert.equal(trained, frozen.length + 1);
    const formed = frozen.filter(
      ({ outputShapes }) => outputShapes[0]?.slice(-2).join() === '6,10',
    );
    assert.deepEqual(formed, []);
  });

  test('gives a frozen base no gradient and the adapter two', () => {
    const layer = randomLayer({ k: 10, d: 6, r: 2, alpha: 3, seed: 1 });
    freezeBaseModel(layer.base);
    const { grads } = tf.variableGrads(() =>
      layer
        .forward(tf.ones([2, 10]))
        .square()
        .sum()
        .asScalar(),
    );
    const { A, B } = layer.lora;
    assert.ok(grads[A.name] && grads[B.name]);
    for (const frozen of [(layer.base as Linear).weight, layer.base.bias as tf.Variable]) {
      assert.equal(grads[frozen.name] ?? null, null);
    }
  });
});

describe('initialisation', () => {
  const big = { inFeatures: 400, outFeatures: 300, r: 100, alpha: 5 };

  test('B is zero, and A is uniform in ±1/√k by default', async () => {
    const layer = new LoRALayer({ ...big, seed: 7 });
    assert.ok((await read(layer.B)).every((value) => value === 0));
    const a = Array.from(await read(layer.A)).sort((p, q) => p - q);
    // Kolmogorov-Smirnov against U(-0.05, 0.05): 1.95 / √n is the 0.1 % bound.
    const distance = Math.max(
      ...a.map((value, i) => Math.abs((value + 0.05) / 0.1 - i / a.length)),
    );
    assert.ok(distance < 1.95 / Math.sqrt(a.length), `KS distance ${distance}`);
  });

  test('gaussian has the standard deviation 1/r', async () => {
    const a = Array.from(await read(new LoRALayer({ ...big, init: gaussian, seed: 7 }).A));
    const std = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0) / a.length);
    assert.ok(Math.abs(std * 100 - 1) < 0.02, `std ${std}`);
    const beyondTwo = a.filter((value) => Math.abs(value) > 0.02).length / a.length;
    assert.ok(Math.abs(beyondTwo - 0.0455) < 0.006, `${beyondTwo} beyond two sigma`);
  });

  test('is a function of the seed alone', async () => {
    const values = async (seed: number) => read(new LoRALayer({ ...big, seed }).A);
    assert.deepEqual(await values(0), await values(0));
    assert.notDeepEqual(await values(0), await values(1));
  });
});

describe('the numbers of the lesson', () => {
  test('d = k = 768, r = 8, alpha = 16', () => {
    const layer = new LoRALayer({ inFeatures: 768, outFeatures: 768, r: 8, alpha: 16 });
    assert.equal(layer.scaling, 2);
    assert.deepEqual(
      [layer.A.shape, layer.B.shape],
      [
        [8, 768],
        [768, 8],
      ],
    );
    assert.equal(layer.trainableParameters(), 12_288);
    const base = new Linear({ inFeatures: 768, outFeatures: 768 });
    assert.deepEqual(countParameters(base), { trainable: 590_592, total: 590_592 });
    freezeBaseModel(base);
    const adapted = new LoRALinear(base, layer);
    assert.deepEqual(countParameters(adapted), { trainable: 12_288, total: 602_880 });
    assert.deepEqual(
      [...adapted.namedParameters().keys()],
      ['base.weight', 'base.bias', 'lora.A', 'lora.B'],
    );
  });
});

describe('bad input', () => {
  const options = { inFeatures: 8, outFeatures: 5, r: 2, alpha: 4 };

  for (const [change, message] of [
    [{ r: 0 }, /r must be a positive integer, got 0/],
    [{ r: 1.5 }, /r must be a positive integer, got 1.5/],
    [{ alpha: Infinity }, /alpha must be a finite number, got Infinity/],
    [{ alpha: NaN }, /alpha must be a finite number, got NaN/],
    [{ r: -1, inFeatures: 2.5 }, /inFeatures must be .* got 2.5; r must be .* got -1/],
    [{ seed: 0.5 }, /seed must be an integer, got 0.5/],
  ] as const) {
    test(`${JSON.stringify(change)} is an ArgumentError and leaks nothing`, () => {
      const before = memory();
      assert.throws(
        () => new LoRALayer({ ...options, ...change }),
        (error: Error) => {
          assert.ok(error instanceof ArgumentError);
          assert.match(error.message, message);
          return true;
        },
      );
      assert.deepEqual(memory(), before);
    });
  }

  test('a wrong last axis, an adapter that does not fit: ShapeError', async () => {
    const layer = randomLayer({ k: 8, d: 5, r: 2, alpha: 3, seed: 1 });
    const x = tf.zeros([2, 7]);
    const before = memory();
    assert.throws(
      () => layer.forward(x),
      /ShapeError|last axis of x must be 8.*got shape \[2, 7\]/,
    );
    assert.throws(() => layer.lora.forward(x), ShapeError);
    assert.throws(() => layer.base.forward(x), ShapeError);
    assert.throws(() => layer.forward(tf.scalar(1)), ShapeError);
    const other = new LoRALayer({ ...options, inFeatures: 5, outFeatures: 8 });
    assert.throws(() => new LoRALinear(layer.base, other), ShapeError);
    await assert.rejects(unmergeLoraWeights(layer.base, other), ShapeError);
    other.dispose();
    assert.equal(memory().tensors, before.tensors + 1); // the scalar
  });

  test('NaN and infinity are refused on merge; the base stays and nothing leaks', async () => {
    const layer = randomLayer({ k: 8, d: 5, r: 2, alpha: 3, seed: 1 });
    for (const bad of [NaN, Infinity]) {
      (await mergeLoraWeights(layer)).dispose();
      const before = memory();
      tf.tidy(() => layer.lora.A.assign(tf.fill<tf.Rank.R2>([2, 8], bad)));
      await assert.rejects(mergeLoraWeights(layer), NonFiniteError);
      assert.ok((await read((layer.base as Linear).weight)).every(Number.isFinite));
      assert.deepEqual(memory(), before);
      tf.tidy(() => layer.lora.A.assign(tf.ones<tf.Rank.R2>([2, 8])));
    }
  });

  test('a disposed layer: DisposedError', async () => {
    const layer = randomLayer({ k: 8, d: 5, r: 2, alpha: 3, seed: 1 });
    layer.dispose();
    layer.dispose();
    assert.throws(() => layer.lora.deltaWeight(), DisposedError);
    await assert.rejects(mergeLoraWeights(layer), DisposedError);
    layer.base.dispose();
    assert.throws(() => applyLoraToLinear(layer.base, { r: 1, alpha: 1 }), DisposedError);
  });
});

describe('memory', () => {
  test('is the same after 20 steps of everything, native handles too', async () => {
    const layer = randomLayer({ k: 12, d: 9, r: 3, alpha: 7, seed: 3 });
    const x = new Random(1).normal([2, 4, 12], 0, 1);
    const step = async () => {
      const { value, grads } = tf.variableGrads(() => layer.forward(x).square().sum().asScalar());
      tf.dispose([value, grads, layer.forward(x), layer.lora.forward(x), layer.lora.deltaWeight()]);
      const merged = await mergeLoraWeights(layer);
      (await unmergeLoraWeights(merged, layer.lora)).dispose();
      merged.dispose();
    };
    await step();
    const before = memory();
    for (let i = 0; i < 20; i++) await step();
    assert.deepEqual(memory(), before);
  });

  test('of a module is freed by dispose', () => {
    const before = memory();
    const layer = randomLayer({ k: 12, d: 9, r: 3, alpha: 7, seed: 3 });
    layer.dispose();
    layer.base.dispose();
    assert.deepEqual(memory(), before);
  });

  test('kaimingUniform hands its tensor over', () => {
    const before = memory().tensors;
    kaimingUniform([2, 5], new Random(1)).dispose();
    assert.equal(memory().tensors, before);
  });
});
