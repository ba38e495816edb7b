import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { testExercise } from '../../../tests/course/test-exercise';
import { LEVELS } from '../../tensor/quant';
import { judge, normalQuantile } from '../judge';
import { NF4, qlora } from './qlora';
import * as solution from './qlora.solution';

const even = (n: number, from: number, to: number) =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
const sides = (delta: number) => [
  ...even(8, delta, 0.5).map(normalQuantile),
  ...even(9, 0.5, 1 - delta)
    .map(normalQuantile)
    .slice(1),
];
const toOne = (levels: number[]) => levels.map((level) => level / Math.max(...levels));
const delta = (1 / 32 + 1 / 30) / 2;

const upperP = even(9, 0.5, 1 - delta).slice(1);

type Quantize = typeof solution.quantizeBlocks;
/** The solution with other scales or codes. */
const quantizing = (
  change: (right: ReturnType<Quantize>, ...args: Parameters<Quantize>) => object,
) => ({
  quantizeBlocks: (...args: Parameters<Quantize>) => {
    const right = solution.quantizeBlocks(...args);
    return { ...right, ...change(right, ...args) };
  },
});
const blocks = (w: Float32Array, size: number) =>
  even(Math.ceil(w.length / size), 0, Math.ceil(w.length / size) - 1).map((b) =>
    Array.from(w.slice(b * size, (b + 1) * size)),
  );
/** The solution in typed arrays, in place of plain lists. */
const typed = (codes: Uint8ArrayConstructor | Float32ArrayConstructor) =>
  quantizing((right) => ({
    codes: codes.from(right.codes),
    scales: Float32Array.from(right.scales),
  }));
/** Dequantizes with another block for weight i. */
const decoding =
  (block: (i: number, size: number) => number) =>
  (codes: number[], scales: number[], levels: number[], size: number) =>
    codes.map((code, i) => (levels[code] ?? NaN) * (scales[block(i, size)] ?? NaN));
const nearest = (levels: number[], share: number) => {
  const distances = levels.map((level) => Math.abs(level - share));
  return distances.indexOf(Math.min(...distances));
};
const absmax = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));

testExercise(qlora, solution, {
  'not divided by the largest': { nf4Levels: () => sides(delta) },
  'that is plain 4-bit, not quantiles': { nf4Levels: () => even(16, -1, 1) },
  'δ is 1/32': { nf4Levels: () => toOne(sides(1 / 32)) },
  'no level is zero': { nf4Levels: () => toOne(even(16, delta, 1 - delta).map(normalQuantile)) },
  'zero occurs twice': { nf4Levels: () => [...NF4.slice(0, 8), 0, ...NF4.slice(8)] },
  'zero occurs twice: of p from 1/2 to 1 - δ take nine': {
    nf4Levels: () =>
      toOne([...even(8, delta, 0.5), ...even(8, 0.5, 1 - delta)].map(normalQuantile)),
  },
  'of p from 1/2 to 1 - δ take nine, and leave out the first': {
    nf4Levels: () => [...even(8, delta, 0.5), ...even(8, 0.5, 1 - delta)].map(normalQuantile),
  },
  'eight levels below zero and seven above': {
    nf4Levels: () => NF4.map((level) => -level).reverse(),
  },
  'the levels are evenly spaced on each side': {
    nf4Levels: () => [...even(8, -1, 0), ...even(9, 0, 1).slice(1)],
  },
  'n - 1 gaps: p rises in steps of (1/2 - δ) / 7 below and / 8 above': {
    nf4Levels: () =>
      toOne(
        [...NF4.slice(0, 8).map((_, i) => delta + (i * (0.5 - delta)) / 8), ...upperP].map(
          normalQuantile,
        ),
      ),
  },
  'sort() sorts numbers as if they were text': { nf4Levels: () => [...NF4].sort() },
  'half of their sum: mind the brackets': { nf4Levels: () => toOne(sides(0.5 / 32 + 1 / 30)) },
  'scales: w.slice(start, blockSize) takes blockSize as the end': quantizing((_, w, __, size) => ({
    scales: blocks(w, size).map((_, b) => absmax(w.slice(b * size, size))),
  })),
  'codes: the distance has lost its absolute value': quantizing(({ scales }, w, levels, size) => ({
    codes: Array.from(w, (value, i) => {
      const share = value / (scales[Math.floor(i / size)] || 1);
      return levels.reduce(
        (best, level, j) => (level - share < (levels[best] ?? NaN) - share ? j : best),
        0,
      );
    }),
  })),
  'codes: levels.indexOf(share) finds an equal level only': quantizing(
    ({ scales }, w, levels, size) => ({
      codes: Array.from(w, (value, i) =>
        levels.indexOf(value / (scales[Math.floor(i / size)] || 1)),
      ),
    }),
  ),
  'codes: multiplied by the scale instead of divided': quantizing(
    ({ scales }, w, levels, size) => ({
      codes: Array.from(w, (value, i) =>
        nearest(levels, value * (scales[Math.floor(i / size)] ?? NaN)),
      ),
    }),
  ),
  'returned undefined': { nf4Levels: () => undefined },
  'every block has the scale of the whole weight': quantizing(({ scales }) => ({
    scales: scales.map(() => absmax(scales)),
  })),
  'the largest value instead of the largest |w|': quantizing((_, w, __, size) => ({
    scales: blocks(w, size).map((block) => Math.max(...block)),
  })),
  'scales: divided by 7': quantizing(({ scales }) => ({ scales: scales.map((s) => s / 7) })),
  'scales: the last, shorter block is missing': quantizing(({ scales }) => ({
    scales: scales.slice(0, -1),
  })),
  'scales: one block too many': quantizing(({ scales }) => ({ scales: [...scales, -Infinity] })),
  'scales: the last weight of each block is left out': quantizing((_, w, __, size) => ({
    scales: blocks(w, size).map((block) => absmax(block.slice(0, -1))),
  })),
  'scales: the first weight of each block is left out': quantizing((_, w, __, size) => ({
    scales: blocks(w, size).map((block) => absmax(block.slice(1))),
  })),
  'scales: the blocks are one weight too long or too short': {
    quantizeBlocks: (w, levels, size) => solution.quantizeBlocks(w, levels, size + 1),
  },
  'one weight too long or too short: the next starts at start + blockSize': {
    quantizeBlocks: (w, levels, size) => solution.quantizeBlocks(w, levels, size - 1),
  },
  'scales: the sign is kept': quantizing((_, w, __, size) => ({
    scales: blocks(w, size).map((block) => Math.min(...block)),
  })),
  'codes: the last weight of each block is left out': quantizing(({ codes }, w, __, size) => {
    let i = 0;
    return { codes: blocks(w, size).flatMap((block) => block.map(() => codes[i++]).slice(0, -1)) };
  }),
  'codes: entry 0 of the list is undefined: is a `return` missing': quantizing(({ codes }) => ({
    codes: codes.map(() => undefined),
  })),
  'the result has no scales: it must be { scales, codes }': {
    quantizeBlocks: (...args) => ({ codes: solution.quantizeBlocks(...args).codes }),
  },
  'the result must be an object { scales, codes }': {
    quantizeBlocks: (...args) => Object.values(solution.quantizeBlocks(...args)),
  },
  'levels was changed in place': {
    quantizeBlocks: (w, levels, size) => solution.quantizeBlocks(w, levels.fill(0), size),
  },
  'codes: the levels themselves': quantizing(({ codes }, _, levels) => ({
    codes: codes.map((code) => levels[code] ?? NaN),
  })),
  'the level below, not the nearest': quantizing(({ scales }, w, levels, size) => ({
    codes: Array.from(w, (value, i) => {
      const scaled = value / (scales[Math.floor(i / size)] ?? NaN);
      return levels.filter((level) => level <= scaled).length - 1;
    }),
  })),
  'the first level above, not the nearest': quantizing(({ scales }, w, levels, size) => ({
    codes: Array.from(w, (value, i) => {
      const scale = scales[Math.floor(i / size)] ?? NaN;
      return levels.findIndex((level) => level >= (scale === 0 ? 0 : value / scale));
    }),
  })),
  'Its codes must be 7, the index of the level nearest to 0': quantizing((_, w, levels, size) => ({
    codes: blocks(w, size).flatMap((block) => block.map((v) => nearest(levels, v / absmax(block)))),
  })),
  'codes: a block of zeros: no level is nearest there, for 0 / 0 is NaN': quantizing(
    ({ scales }, w, levels, size) => ({
      codes: Array.from(w, (value, i) => {
        const share = value / (scales[Math.floor(i / size)] ?? NaN);
        return levels.reduce(
          (best, level, j) =>
            Math.abs(level - share) < Math.abs((levels[best] ?? NaN) - share) ? j : best,
          0,
        );
      }),
    }),
  ),
  'scales: a block of zeros: its scale is 0': quantizing(({ scales }) => ({
    scales: scales.map((scale) => (scale * scale) / scale),
  })),
  'scales: a block of zeros: its scale is 0, its largest |w|': quantizing(({ scales }) => ({
    scales: scales.map((scale) => scale || 1),
  })),
  'a block of zeros: 0 / 0 is NaN': quantizing(({ codes, scales }, _, __, size) => ({
    codes: codes.map((code, i) => (scales[Math.floor(i / size)] === 0 ? -1 : code)),
  })),
  'codes: the levels are an argument: yours are those of NF4': {
    quantizeBlocks: (w, _, size) => solution.quantizeBlocks(w, solution.nf4Levels(), size),
  },
  'codes: the levels are an argument: there are levels.length, not always 16': {
    quantizeBlocks: (w, levels, size) => solution.quantizeBlocks(w, levels.slice(0, 16), size),
  },
  'dequantizeBlocks: the levels are an argument: yours are those of NF4': {
    dequantizeBlocks: (codes, scales, _, size) =>
      solution.dequantizeBlocks(codes, scales, solution.nf4Levels(), size),
  },
  'w was changed in place': {
    quantizeBlocks: (w, levels, size) => {
      const right = solution.quantizeBlocks(w, levels, size);
      w.forEach((value, i) => (w[i] = value / (right.scales[Math.floor(i / size)] ?? NaN)));
      return right;
    },
  },
  'dequantizeBlocks: blocks of 64, always': {
    dequantizeBlocks: (codes, scales, levels) =>
      codes.map((code, i) => (levels[code] ?? NaN) * (scales[Math.floor(i / 64)] ?? NaN)),
  },
  'scales: blocks of 64, always': {
    quantizeBlocks: (w, levels) => solution.quantizeBlocks(w, levels, 64),
  },
  'codes: blocks of 64, always': {
    quantizeBlocks: (w, levels, size) => {
      const { scales } = solution.quantizeBlocks(w, levels, size);
      const codes = Array.from(w, (value, i) => {
        const scale = scales[Math.floor(i / 64)] ?? NaN;
        const distances = levels.map((level) => Math.abs(level - (scale && value / scale)));
        return distances.indexOf(Math.min(...distances));
      });
      return { codes, scales };
    },
  },
  'the scale of the block is missing': {
    dequantizeBlocks: (codes, _, levels) => codes.map((code) => levels[code]),
  },
  'the scale of the first block everywhere': {
    dequantizeBlocks: (codes, [first = NaN], levels) =>
      codes.map((code) => (levels[code] ?? NaN) * first),
  },
  'the code is used as if it were its level': {
    dequantizeBlocks: (codes, scales, _, size) =>
      codes.map((code, i) => code * (scales[Math.floor(i / size)] ?? NaN)),
  },
  'the block changes one weight too early': {
    dequantizeBlocks: decoding((i, size) => Math.floor((i + 1) / size)),
  },
  'the block changes one weight too late': {
    dequantizeBlocks: decoding((i, size) => Math.ceil(i / size) - 1),
  },
  'yours rounds up': { dequantizeBlocks: decoding((i, size) => Math.ceil(i / size)) },
  'yours rounds to the nearest': { dequantizeBlocks: decoding((i, size) => Math.round(i / size)) },
  'the index of the block is not rounded': { dequantizeBlocks: decoding((i, size) => i / size) },
  'levels[code] is right': {
    dequantizeBlocks: (codes, scales, levels, size) =>
      solution.dequantizeBlocks(
        codes.map((code) => code - 1),
        scales,
        levels,
        size,
      ),
  },
  'dequantizeBlocks: entry 0 of the list is a Promise: is an `await` missing?': {
    dequantizeBlocks: (codes) => codes.map((code) => Promise.resolve(code)),
  },
  'dequantizeBlocks: a tensor where a plain list of numbers is asked for: read it first': {
    dequantizeBlocks: (...args) => tf.tensor1d(solution.dequantizeBlocks(...args)),
  },
  'dequantizeBlocks: Uint8Array.map gives integers: codes.map((code) => levels[code]) cuts': {
    ...typed(Uint8Array),
    dequantizeBlocks: solution.dequantizeBlocks,
  },
  'cuts every level to one. Your quantizeBlocks must return plain lists': {
    ...typed(Uint8Array),
    dequantizeBlocks: (codes, scales, levels, size) =>
      codes
        .map((code) => levels[code] ?? NaN)
        .map((level, i) => level * (scales[Math.floor(i / size)] ?? NaN)),
  },
  'a Float32Array is no array, and lacks some of its methods': {
    ...typed(Float32Array),
    dequantizeBlocks: (codes, scales, levels, size) =>
      codes.flatMap((code, i) => [(levels[code] ?? NaN) * (scales[Math.floor(i / size)] ?? NaN)]),
  },
  'codes: a block of zeros: no level is nearest there, for 0 / 0 is NaN, and level * scale is 0':
    quantizing(({ scales }, w, levels, size) => ({
      codes: Array.from(w, (value, i) => {
        const scale = scales[Math.floor(i / size)] ?? NaN;
        return nearest(
          levels.map((level) => level * scale),
          value,
        );
      }),
    })),
  'not i % blockSize': {
    dequantizeBlocks: (codes, scales, levels, size) =>
      codes.map((code, i) => (levels[code] ?? NaN) * (scales[i % size] ?? NaN)),
  },
});

test('typed arrays pass where dequantizeBlocks can decode them', async () => {
  const answers: Record<string, unknown> = {
    ...solution,
    ...typed(Uint8Array),
    dequantizeBlocks: (codes: number[], scales: number[], levels: number[], size: number) =>
      Array.from(codes, (code, i) => (levels[code] ?? NaN) * (scales[Math.floor(i / size)] ?? NaN)),
  };
  const verdict = await judge(qlora, (name) => answers[name], { seed: 1, seconds: 20 });
  assert.equal(verdict.state, 'passed', verdict.message);
});

test('big integers are no plain list', async () => {
  const answers: Record<string, unknown> = {
    ...solution,
    nf4Levels: () => new BigInt64Array(16),
  };
  const { message } = await judge(qlora, (name) => answers[name], { seed: 1, seconds: 20 });
  assert.match(message, /an object \(BigInt64Array\) where a plain list of numbers is asked for/);
});

test('a wrong list is shown at the first place that differs', async () => {
  const shown = async (quantizeBlocks: unknown) => {
    const answers: Record<string, unknown> = { ...solution, quantizeBlocks };
    const { findings } = await judge(qlora, (name) => answers[name], { seed: 1, seconds: 20 });
    return findings.find(({ passed }) => !passed);
  };
  const codes = await shown((...args: Parameters<Quantize>) => {
    const right = solution.quantizeBlocks(...args);
    return { ...right, codes: right.codes.map((code, i) => (i === 77 ? code + 20 : code)) };
  });
  const [, expected] = /^codes: \[150\] entry 77 is (\d+)$/.exec(codes?.expected ?? '') ?? [];
  assert.equal(codes?.got, `codes: [150] entry 77 is ${Number(expected) + 20}`);
  const scales = await shown((...args: Parameters<Quantize>) => {
    const right = solution.quantizeBlocks(...args);
    return { ...right, scales: right.scales.map((scale, i) => (i === 1 ? NaN : scale)) };
  });
  assert.match(scales?.got ?? '', /^scales: \[3\] entry 1 is NaN$/);
});

test('the hints do not say that the levels of NF4 are used equally often', () => {
  assert.doesNotMatch(qlora.hints.join(' '), /used about equally/);
});

test("the published levels are tensor/quant's", () => {
  assert.deepEqual(NF4, [...LEVELS.nf4]);
});

test('the levels of the solution are those published, to 1e-6', () => {
  const levels = solution.nf4Levels();
  assert.equal(levels.length, NF4.length);
  const off = Math.max(...levels.map((level, i) => Math.abs(level - (NF4[i] ?? NaN))));
  assert.ok(off < 1e-6, `${off}`);
});

test('normalQuantile: known values, and errors outside (0, 1)', () => {
  // Python: statistics.NormalDist().inv_cdf(p)
  const known: [number, number][] = [
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.001, -3.090232306167814],
    [1 - delta, 1.8481314207079744],
  ];
  for (const [p, z] of known) assert.ok(Math.abs(normalQuantile(p) - z) < 1e-9, `${p}`);
  for (const p of [0, 1, NaN]) assert.throws(() => normalQuantile(p), { name: 'ArgumentError' });
});
