import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import { alea } from 'seedrandom';
import { assertClose } from '../../../tests/close';
import { FIXTURES, decodeFloat32, type EncodedArray } from '../../../tests/fixture';
import { Net } from '../../../tests/peft-cases';
import type { LoRALinear } from '../../lora';
import { dora, injectLora, rsLora, loraLayersOf } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { pissa, initFromBase } from '../base-init';
import { combineAdapters } from './combine-adapters';
import { byFactors, bySvd, cat, type CombineMethod } from './methods';
import { dareLinear, dareTies, magnitudePrune, type MergeRule, sum, ties } from './rules';

const TOLERANCE = 1e-5;

/** One case of `fixtures/peft_combined.py`. */
interface CombinedCase {
  type: keyof typeof WAYS;
  weights: number[];
  options: { density?: number; svd_rank?: number };
  adapters: {
    settings: {
      target_modules: string[];
      r: number;
      lora_alpha: number;
      rank_pattern?: Record<string, number>;
      use_rslora?: boolean;
    };
    tensors: Record<string, EncodedArray>;
  }[];
  delta: Record<string, EncodedArray>;
  scaling: Record<string, number>;
}

const WAYS = {
  cat: () => cat(),
  linear: () => byFactors(sum()),
  svd: ({ svd_rank: r }) => bySvd(sum(), r),
  ties: ({ density = NaN }) => byFactors(ties(density)),
  ties_svd: ({ density = NaN }) => bySvd(ties(density)),
  magnitude_prune: ({ density = NaN }) => byFactors(magnitudePrune(density)),
  magnitude_prune_svd: ({ density = NaN }) => bySvd(magnitudePrune(density)),
} satisfies Record<string, (options: CombinedCase['options']) => CombineMethod>;

const file = path.join(FIXTURES, 'peft_combined.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: CombinedCase[] };

before(useAccelerator);

function adapterOf({ settings, tensors }: CombinedCase['adapters'][number]) {
  const model = new Net();
  const { target_modules: targetModules, lora_alpha: alpha, rank_pattern = {} } = settings;
  const r = (name: string) => rank_pattern[name.split('.').at(-1) as string] ?? settings.r;
  const scaling = settings.use_rslora ? { scaling: rsLora } : {};
  injectLora(model, { targetModules, r, alpha, ...scaling });
  for (const [name, { lora }] of loraLayersOf(model)) {
    for (const matrix of ['A', 'B'] as const) {
      const encoded = tensors[`${name}.lora_${matrix}.weight`] as EncodedArray;
      tf.tidy(() => lora[matrix].assign(tf.tensor(decodeFloat32(encoded), lora[matrix].shape)));
    }
  }
  return model;
}

/** An adapter with everything random, B too. */
function drawAdapter(seed: number, r = 3, targetModules = ['0.up', '1.down']): Net {
  const model = new Net();
  injectLora(model, { targetModules, r, alpha: 7, seed });
  for (const { lora } of loraLayersOf(model).values()) {
    tf.tidy(() => lora.B.assign(new Random(seed + 9).normal<tf.Rank.R2>(lora.B.shape, 0, 1)));
  }
  return model;
}

async function deltasOf(model: Net): Promise<Map<string, Float32Array>> {
  const deltas = new Map<string, Float32Array>();
  for (const [name, { lora }] of loraLayersOf(model)) {
    const delta = lora.deltaWeight();
    deltas.set(name, await read(delta).finally(() => delta.dispose()));
  }
  return deltas;
}

/** The delta weights of a fresh model with the combined adapter. */
async function combine(parts: [Net, number][], way: CombineMethod, seed = 0) {
  const adapters = parts.map(([model, weight]) => ({ layers: loraLayersOf(model), weight }));
  const adapt = await combineAdapters(adapters, way, seed);
  const model = new Net();
  try {
    adapt(model);
    return await deltasOf(model);
  } finally {
    model.dispose();
  }
}

async function weightedSum(parts: [Net, number][]): Promise<Map<string, Float32Array>> {
  const total = new Map<string, Float32Array>();
  for (const [model, weight] of parts) {
    for (const [name, delta] of await deltasOf(model)) {
      const before = total.get(name);
      total.set(
        name,
        delta.map((value, i) => weight * value + (before?.[i] ?? 0)),
      );
    }
  }
  return total;
}

function assertSame(got: Map<string, Float32Array>, want: Map<string, Float32Array>): void {
  assert.deepEqual([...got.keys()].sort(), [...want.keys()].sort());
  for (const [name, values] of want) {
    assertClose(got.get(name) as Float32Array, values, TOLERANCE, name);
  }
}

describe("combined as by PEFT's add_weighted_adapter", () => {
  for (const [i, one] of cases.entries()) {
    const rslora = one.adapters.some(({ settings }) => settings.use_rslora);
    test(`${i}: ${one.type}${rslora ? ', but for the √r of rsLoRA' : ''}`, async () => {
      const start = memory();
      const models = one.adapters.map(adapterOf);
      const parts = models.map((model, n): [Net, number] => [model, one.weights[n] as number]);
      const got = await combine(parts, WAYS[one.type](one.options));
      const want = Object.entries(one.delta).map(([name, encoded]) => {
        const { [name]: theirs = NaN } = one.scaling; // 1, and √r where the first one is rsLoRA
        assert.equal(theirs > 1, rslora);
        return [name, decodeFloat32(encoded).map((value) => value / theirs)] as const;
      });
      assertSame(got, new Map(want));
      for (const model of models) model.dispose();
      assert.deepEqual(memory(), start);
    });
  }
});

describe('a combination', () => {
  const one = () => drawAdapter(1);
  const two = () => drawAdapter(2);

  test('by cat is the weighted sum, of unequal ranks and of rsLoRA too', async () => {
    const parts: [Net, number][] = [
      [one(), 0.7],
      [drawAdapter(4, 2, ['0.up', 'head']), -1.3],
    ];
    assertSame(await combine(parts, cat()), await weightedSum(parts));
    // By svd with as much rank as that takes, too.
    assertSame(await combine(parts, bySvd(sum(), 99)), await weightedSum(parts));
  });

  test('of one adapter is that adapter, scaled, by every method', async () => {
    for (const way of [
      cat(),
      byFactors(sum()),
      bySvd(),
      byFactors(ties(1)),
      bySvd(dareLinear(1)),
    ]) {
      for (const weight of [1, 0.3, -2]) {
        const parts: [Net, number][] = [[one(), weight]];
        assertSame(await combine(parts, way), await weightedSum(parts));
      }
    }
  });

  test('of an adapter and its negative is 0', async () => {
    for (const way of [cat(), byFactors(sum()), bySvd(), byFactors(ties(0.5)), bySvd(ties(0.5))]) {
      const parts: [Net, number][] = [
        [one(), 1],
        [one(), -1],
      ];
      for (const delta of (await combine(parts, way)).values()) {
        assert.ok(
          delta.every((value) => Math.abs(value) < 1e-6),
          `${Math.max(...delta)}`,
        );
      }
    }
  });

  test('by factors has a cross term: √(w s w s) (B₁ A₂ + B₂ A₁)', async () => {
    const models = [one(), two()];
    const parts = models.map((model, i): [Net, number] => [model, [0.7, 0.4][i] as number]);
    const got = await combine(parts, byFactors(sum()));
    const exact = await weightedSum(parts);
    for (const [name, values] of got) {
      const [first, second] = await Promise.all(
        models.map(async (model) => {
          const { lora } = loraLayersOf(model).get(name) as LoRALinear;
          return {
            A: Matrix.from1DArray(...lora.A.shape, await read(lora.A)),
            B: Matrix.from1DArray(...lora.B.shape, await read(lora.B)),
          };
        }),
      );
      assert.ok(first && second);
      const cross = first.B.mmul(second.A).add(second.B.mmul(first.A));
      const factor = (7 / 3) * Math.sqrt(0.7 * 0.4);
      const want = cross
        .mul(factor)
        .to1DArray()
        .map((value, i) => value + (exact.get(name)?.[i] as number));
      assertClose(values, want, TOLERANCE, name);
    }
  });

  test('with PiSSA subtracts B0 A0 too', async () => {
    const started = new Net();
    injectLora(started, { targetModules: ['0.up'], r: 2, alpha: 5 });
    await initFromBase(started, pissa);
    const { lora } = loraLayersOf(started).get('model.layers.0.up') as LoRALinear;
    tf.tidy(() => lora.A.assign(lora.A.add(0.1)));
    const parts: [Net, number][] = [
      [started, 0.6],
      [drawAdapter(1, 2), 0.5],
    ];
    assertSame(await combine(parts, cat()), await weightedSum(parts));
  });
});

test('TIES elects + if the sum is 0, and takes the mean of the values that agree', () => {
  const [one, two, three] = [[[1, -3, 0]], [[-1, -1, 0]], [[0, 2, 5]]].map((T) => new Matrix(T));
  const got = ties(1)([one, two, three] as Matrix[], [1, 10, 100], () => NaN);
  assert.deepEqual(got.to2DArray(), [[1, (-3 - 10) / 2, 500]]);
});

describe('DARE', () => {
  const T = new Matrix([
    [1, -2, 3, 0.5],
    [-4, 5, 6, -0.25],
  ]);
  const draws = () => {
    const values = [0.1, 0.9, 0.4, 0.3, 0.2, 0.8, 0.1, 0.95];
    return () => values.shift() as number;
  };

  test('keeps an entry where the draw is below the density, and divides it by that', () => {
    assert.deepEqual(dareLinear(0.5)([T], [3], draws()).to2DArray(), [
      [6, 0, 18, 3],
      [-24, 0, 36, 0],
    ]);
  });

  test('then elects signs, in dareTies', () => {
    const other = Matrix.mul(T, -2);
    let n = 0;
    // Keeps all of T, and of the other its first row.
    const got = dareTies(0.5)([T, other], [1, 10], () => (n++ < 12 ? 0 : 1));
    const [row, last] = [T.getRow(0).map((value) => -4 * value * 10), T.getRow(1)];
    assert.deepEqual(got.to2DArray(), [row, last.map((value) => 2 * value)]);
  });

  test('is unbiased: the mean over many draws is the sum', () => {
    const draw = alea('a seed');
    const rule = dareLinear(0.8);
    const [count, other] = [4000, new Matrix([T.getRow(1), T.getRow(0)])];
    const total = Matrix.zeros(2, 4);
    for (let i = 0; i < count; i++) total.add(rule([T, other], [0.7, -0.4], () => draw.double()));
    const want = sum()([T, other], [0.7, -0.4], () => NaN).to1DArray();
    assertClose(total.div(count).to1DArray(), want, 0.02); // 4 sigma
  });

  test('is a function of the seed alone', async () => {
    const parts: [Net, number][] = [[drawAdapter(1), 0.7]];
    const of = (seed: number) => combine(parts, byFactors(dareLinear(0.5)), seed);
    assert.deepEqual(await of(5), await of(5));
    assert.notDeepEqual(await of(5), await of(6));
  });
});

test('cat is exact at a rank beyond that of the layers, too', async () => {
  const parts = [1, 2, 3].map((seed): [Net, number] => [drawAdapter(seed), seed]);
  const combined = await combine(parts, cat()); // rank 9 on layers of 6 to 11
  const each = await Promise.all(parts.map(([model]) => deltasOf(model)));
  for (const [name, delta] of combined) {
    const sum = delta.map((_, at) =>
      parts.reduce((total, [, w], i) => total + w * Number(each[i]?.get(name)?.[at]), 0),
    );
    assertClose(delta, sum, TOLERANCE, name);
  }
  assert.equal(combined.size, 2);
});

describe('combineAdapters refuses', () => {
  const refused = (
    parts: [Net, number][],
    way: CombineMethod,
    kind: typeof ArgumentError,
    what: RegExp,
  ) =>
    assert.rejects(combine(parts, way), (error: Error) => {
      assert.ok(error instanceof kind, error.stack);
      assert.match(error.message, what);
      return true;
    });

  test('no adapters, an adapter without layers, weights that are not finite', async () => {
    await refused([], cat(), ArgumentError, /one or more/);
    await refused([[new Net(), 1]], cat(), ArgumentError, /must have layers/);
    await refused([[drawAdapter(1), NaN]], cat(), ArgumentError, /weight must be a finite/);
  });

  test('DoRA, whose magnitudes PEFT would lose', async () => {
    const model = new Net();
    injectLora(model, { targetModules: ['up'], r: 2, alpha: 3, variant: dora });
    await refused([[model, 1]], cat(), ArgumentError, /must be LoRA, got a variant/);
  });

  test('methods and rules that were not called, and what is none', async () => {
    const parts: [Net, number][] = [[drawAdapter(1), 1]];
    const method = 'method must be cat(), byFactors(rule) or bySvd(rule, r), got';
    for (const [way, name] of [
      [cat, 'cat'],
      [bySvd, 'bySvd'],
      [byFactors, 'byFactors'],
      ['svd', 'svd'],
      [undefined, 'undefined'],
    ] as const) {
      const message = `combineAdapters: ${method} ${name}. Call one of them.`;
      await assert.rejects(combine(parts, way as unknown as CombineMethod), {
        name: 'ArgumentError',
        message,
      });
    }
    for (const [rule, message] of [
      [
        sum,
        'byFactors: rule must be sum(), ties(density) or another rule, got sum. Call it: sum().',
      ],
      [ties, /got ties\. Call it: ties\(density\)\.$/],
      [0.5, /got 0\.5\.$/],
    ] as const) {
      const make = () => byFactors(rule as unknown as MergeRule);
      assert.throws(make, { name: 'ArgumentError', message });
    }
    assert.throws(() => bySvd(8 as unknown as MergeRule), /^ArgumentError: bySvd: rule must be/);
  });

  test('unequal ranks, by factors', async () => {
    const parts: [Net, number][] = [
      [drawAdapter(1, 3), 1],
      [drawAdapter(2, 2), 1],
    ];
    for (const rule of [sum(), ties(0.5), dareLinear(0.5), dareTies(0.5), magnitudePrune(0.5)]) {
      await refused(parts, byFactors(rule), ArgumentError, /one rank, got 3 and 2/);
    }
  });

  test('densities outside 0 to 1, and ranks that are not positive integers', () => {
    assert.throws(() => bySvd(sum(), 0), ArgumentError);
    for (const density of [0, -1, 1.1, NaN]) {
      for (const rule of [ties, dareLinear, dareTies, magnitudePrune]) {
        assert.throws(() => rule(density), ArgumentError);
      }
    }
  });

  test('a model without such layers or with other sizes, and leaves it as it was', async () => {
    const adapt = await combineAdapters(
      [{ layers: loraLayersOf(drawAdapter(1)), weight: 1 }],
      cat(),
    );
    const model = new Net();
    adapt(model);
    const before = memory();
    assert.throws(() => adapt(model), { name: 'ShapeError', message: /has an adapter already/ });
    assert.equal(loraLayersOf(model).size, 2);
    assert.deepEqual(memory(), before);
  });
});
