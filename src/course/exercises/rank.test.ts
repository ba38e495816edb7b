import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testExercise } from '../../../tests/course/test-exercise';
import { judge } from '../judge';
import { rank } from './rank';
import * as solution from './rank.solution';

type Layers = [d: number, k: number][];
const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
const size = (values: number[]) => Math.hypot(...values);
const squares = (values: number[]) => sum(values.map((value) => value * value));
const count = (layers: Layers, of: (d: number, k: number) => number) =>
  sum(layers.map(([d, k]) => of(d, k)));

/** The solution with another count of parameters, or another share. */
const counting = (parameters: (layers: Layers, r: number) => unknown) => ({
  rankTradeOff: (layers: Layers, sigma: number[], r: number) => ({
    ...solution.rankTradeOff(layers, sigma, r),
    parameters: parameters(layers, r),
  }),
});
const missing = (missed: (sigma: number[], r: number) => unknown) => ({
  rankTradeOff: (layers: Layers, sigma: number[], r: number) => ({
    ...solution.rankTradeOff(layers, sigma, r),
    missed: missed(sigma, r),
  }),
});

testExercise(rank, solution, {
  'parameters: only the first layer is counted': counting(([[d, k] = [0, 0]], r) => r * (d + k)),
  'parameters: yours is full fine-tuning': counting((layers) => count(layers, (d, k) => d * k)),
  'parameters: r × d × k': counting((layers, r) => count(layers, (d, k) => r * d * k)),
  'the smaller side takes the place of r': counting((layers, r) =>
    count(layers, (d, k) => Math.min(r, d, k) * (d + k)),
  ),
  'the rank is missing': counting((layers) => count(layers, (d, k) => d + k)),
  'only A is counted': counting((layers, r) => count(layers, (_, k) => r * k)),
  'right only for square weights: 2 r d': counting((layers, r) => count(layers, (d) => 2 * r * d)),
  'yours counts the frozen base too': counting((layers, r) =>
    count(layers, (d, k) => d * k + r * (d + k)),
  ),
  'parameters: the text': counting((layers, r) => `${count(layers, (d, k) => r * (d + k))}`),
  'parameters: a Promise: is an `await` missing?': counting(() => Promise.resolve(1)),
  'the result has no parameters: it must be { parameters, missed }': counting(() => undefined),
  'missed: that is how far away rank r stays: divide it': missing((sigma, r) =>
    size(sigma.slice(r)),
  ),
  'missed: the square root is missing': missing(
    (sigma, r) => (size(sigma.slice(r)) / size(sigma)) ** 2,
  ),
  'missed: yours is the square of how far away': missing((sigma, r) => size(sigma.slice(r)) ** 2),
  'missed: added unsquared': missing((sigma, r) => sum(sigma.slice(r)) / sum(sigma)),
  'missed: the squares are missing': missing((sigma, r) =>
    Math.sqrt(sum(sigma.slice(r)) / sum(sigma)),
  ),
  'missed: yours is the share that rank r keeps': missing(
    (sigma, r) => size(sigma.slice(0, r)) / size(sigma),
  ),
  'missed: kept and missed do not add up to 1': missing(
    (sigma, r) => 1 - size(sigma.slice(0, r)) / size(sigma),
  ),
  'missed: divided by what rank r keeps': missing(
    (sigma, r) => size(sigma.slice(r)) / size(sigma.slice(0, r)),
  ),
  'missed: upside down': missing((sigma, r) => size(sigma) / size(sigma.slice(r))),
  'one pattern too many is left out': missing((sigma, r) => size(sigma.slice(r - 1)) / size(sigma)),
  'one pattern too few is left out': missing((sigma, r) => size(sigma.slice(r + 1)) / size(sigma)),
  'the weakest are kept': missing(
    (sigma, r) => size(sigma.slice(0, sigma.length - r)) / size(sigma),
  ),
  'only the strongest pattern left out is counted': missing(
    (sigma, r) => (sigma[r] ?? 0) / size(sigma),
  ),
  'missed: yours is in per cent': missing((sigma, r) => (100 * size(sigma.slice(r))) / size(sigma)),
  'missed: yours counts patterns': missing((sigma, r) => (sigma.length - r) / sigma.length),
  'sigma has sigma.length entries, and r may be larger': missing((sigma, r) => {
    let kept = 0;
    for (let i = 0; i < r; i++) kept += (sigma[i] ?? NaN) ** 2;
    return Math.sqrt(1 - kept / sum(sigma.map((s) => s * s)));
  }),
  'NaN is the root of a number below 0, by rounding': missing((sigma, r) => {
    const rounding = sigma.every(Number.isInteger) ? 0 : 1e-15; // whole numbers add up exactly
    return Math.sqrt(1 - rounding - squares(sigma.slice(0, r)) / squares(sigma));
  }),
  'missed: the result is NaN: a sum with sigma[sigma.length], which is undefined': missing(
    (sigma, r) => {
      let left = 0;
      for (let i = r; i <= sigma.length; i++) left += (sigma[i] ?? NaN) ** 2;
      return Math.sqrt(left / squares(sigma));
    },
  ),
  'the last index is sigma.length - 1: is there a <= in place of <?': missing((sigma, r) => {
    let all = 0;
    for (let i = 0; i <= sigma.length; i++) all += (sigma[i] ?? NaN) ** 2;
    return Math.sqrt(squares(sigma.slice(r)) / all);
  }),
  'missed: where r is sigma.length nothing is left out: sigma[r] is undefined': missing(
    (sigma, r) => {
      let top = (sigma[r] ?? NaN) ** 2;
      for (let i = r + 1; i < sigma.length; i++) top += (sigma[i] ?? NaN) ** 2;
      return Math.sqrt(top / squares(sigma));
    },
  ),
  'parameters: yours is the share: parameters and missed are swapped': {
    rankTradeOff: (...args) => {
      const { parameters, missed } = solution.rankTradeOff(...args);
      return { parameters: missed, missed: parameters };
    },
  },
  'parameters: the result is NaN': counting(() => NaN),
  'sigma was changed in place': {
    rankTradeOff: (layers, sigma, r) => {
      const missed = size(sigma) && size(sigma.splice(r));
      return { parameters: count(layers, (d, k) => r * (d + k)), missed };
    },
  },
  'the result must be an object { parameters, missed }': {
    rankTradeOff: (layers, sigma, r) => [
      count(layers, (d, k) => r * (d + k)),
      size(sigma.slice(r)) / size(sigma),
    ],
  },
});

test('the hints hold for any number of singular values', () => {
  assert.doesNotMatch(rank.hints.join(' '), /r = 8/);
});

test('a share computed from what is kept passes, with its rounding where nothing is left out', async () => {
  const rankTradeOff = (layers: Layers, sigma: number[], r: number) => {
    const kept = sigma.slice(0, r).reduceRight((all, s) => all + s * s, 0);
    const missed = Math.sqrt(Math.abs(1 - kept / sum(sigma.map((s) => s * s))));
    return { parameters: count(layers, (d, k) => r * (d + k)), missed };
  };
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { state, message } = await judge(rank, () => rankTradeOff, { seed, seconds: 20 });
    assert.equal(state, 'passed', message);
  }
});
