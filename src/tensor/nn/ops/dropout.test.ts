import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { type Key, memory, Random, read, useAccelerator } from '../../runtime';
import { dropout } from './dropout';
import { threefry } from './threefry';

before(useAccelerator);

describe('Dropout and its gradient equal loops in float64', () => {
  for (const [shape, p] of [
    [[], 0.5],
    [[1], 0.2],
    [[2, 3, 5], 0.5],
    [[1023], 0.9],
    [[2, 512], 0.1],
    [[5, 5, 41], 0.3],
    [[3, 20001], 0.25],
  ] as [number[], number][]) {
    const seed = freshSeed();
    test(`[${shape.join(', ')}], p ${p}, seed ${seed}`, async () => {
      const start = alive();
      const random = new Random(seed);
      const key = random.key();
      const [x, dy] = [random.normal(shape, 0, 1), random.normal(shape, 0, 1)];
      const kept = wordsUnder(key, x.size).map((word) => (word >= 2 ** 32 * p ? 1 / (1 - p) : 0));
      const [values, outer] = [await read(x), await read(dy)];
      await poison(shape, shape);
      const { value, grad } = tf.valueAndGrad((v) => dropout({ x: v }, { p, key }))(x, dy);
      for (const [tensor, of, what] of [
        [value, values, 'y'],
        [grad, outer, 'dL/dx'],
      ] as [tf.Tensor, Float32Array, string][]) {
        assert.deepEqual(tensor.shape, shape);
        const got = await read(tensor);
        assert.deepEqual(masked(got), masked(kept), `the mask of ${what}`);
        const want = kept.map((factor, i) => factor * (of[i] as number));
        assertClose(got, want, 1e-6, what);
      }
      tf.dispose([x, dy, value, grad]);
      assert.deepEqual(alive(), start);
    });
  }

  test('and it keeps nothing for the way back', () => {
    const first = tf.variable(tf.ones([100, 50]));
    const { bytes } = memory();
    tf.variableGrads(() => {
      const y = tf.tidy(() => dropout({ x: first.mul(2) }, { p: 0.5, key: [1, 2] }));
      const more = memory().bytes - bytes;
      // y, and what tf.mul keeps: the variable and a scalar. Not x, not the mask.
      assert.ok(more <= 4 * (2 * 100 * 50 + 1), `${more} bytes`);
      return y.sum();
    });
  });
});

describe("dropout's words are Threefry's to the last bit:", () => {
  test('those published for the key 0 and the counter 0', async () => {
    for (const [i, word] of [0x6b200159, 0x99ba4efe].entries()) await isWord(word, [0, 0], 2, i);
  });

  const seed = freshSeed();
  test(`those on the host, at any place, seed ${seed}`, async () => {
    const key = new Random(seed).key();
    const words = wordsUnder(key, 2051);
    for (const i of [0, 1, 2, 7, 1023, 1024, 1025, 2050]) {
      await isWord(words[i] as number, key, 2051, i);
    }
  });
});

describe('a mask is random within 7 sigma; of a million runs less than one fails by chance', () => {
  const n = 2 ** 16;
  for (const p of [0.05, 0.3, 0.5, 0.9]) {
    const seed = freshSeed();
    test(`p ${p}, seed ${seed}`, async () => {
      const random = new Random(seed);
      const [first, second] = [
        await centredMask(n, p, random.key()),
        await centredMask(n, p, random.key()),
      ];
      const variance = p * (1 - p);
      within(mean(first), Math.sqrt(variance / n), 'mean');
      for (const distance of [1, 2, 3, 1024]) {
        const products = first.slice(distance).map((value, i) => value * (first[i] as number));
        within(mean(products), variance / Math.sqrt(products.length), `neighbours, ${distance}`);
      }
      const products = first.map((value, i) => value * (second[i] as number));
      within(mean(products), variance / Math.sqrt(n), 'between two calls');

      // Of sums over rows of 64, which neither spread too far nor lie too close.
      const sums = Array.from({ length: n / 64 }, (_, i) =>
        first.slice(64 * i, 64 * (i + 1)).reduce((sum, value) => sum + value, 0),
      );
      const spread = mean(sums.map((sum) => sum ** 2)) / (64 * variance);
      const kurtosis = (1 - 6 * variance) / (64 * variance);
      within(spread - 1, Math.sqrt((2 + kurtosis) / sums.length), 'variance of sums');
    });
  }
});

/** wᵢ on the host, as the docstring of `dropout` says. */
function wordsUnder(key: Key, size: number): number[] {
  const words = new Uint32Array(2);
  return Array.from({ length: size }, (_, i) => {
    threefry(words, 0, key, Math.floor(i / 2), 0);
    return words[i % 2] as number;
  });
}

function masked(values: ArrayLike<number>): boolean[] {
  return Array.from(values, (value) => value !== 0);
}

/** Keeps the element if p is the word by 2³², and not if p is the next number. */
async function isWord(word: number, key: Key, size: number, i: number): Promise<void> {
  for (const [next, isKept] of [
    [0, true],
    [1, false],
  ] as [number, boolean][]) {
    const values = await valuesOf(
      dropout({ x: tf.ones([size]) }, { p: (word + next) / 2 ** 32, key }),
    );
    assert.equal(values[i] !== 0, isKept, `word ${word} + ${next} at ${i}`);
  }
}

/** m - (1 - p) */
async function centredMask(size: number, p: number, key: Key): Promise<number[]> {
  const values = await valuesOf(dropout({ x: tf.ones([size]) }, { p, key }));
  return Array.from(values, (value) => (value === 0 ? 0 : 1) - (1 - p));
}

async function valuesOf(y: tf.Tensor): Promise<Float32Array> {
  return read(y).finally(() => y.dispose());
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function within(value: number, sigma: number, what: string): void {
  assert.ok(Math.abs(value) <= 7 * sigma, `${what}: ${value / sigma} sigma`);
}
