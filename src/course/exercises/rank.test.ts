import { testExercise } from '../../../tests/course/test-exercise';
import { rank } from './rank';
import * as solution from './rank.solution';

type Layers = [d: number, k: number][];
const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
const count = (layers: Layers, of: (d: number, k: number) => number) =>
  sum(layers.map(([d, k]) => of(d, k)));

/** The solution with another count of parameters, or another error. */
const counting = (parameters: (layers: Layers, r: number) => unknown) => ({
  rankTradeOff: (layers: Layers, sigma: number[], r: number) => ({
    ...solution.rankTradeOff(layers, sigma, r),
    parameters: parameters(layers, r),
  }),
});
const erring = (error: (sigma: number[], r: number) => unknown) => ({
  rankTradeOff: (layers: Layers, sigma: number[], r: number) => ({
    ...solution.rankTradeOff(layers, sigma, r),
    error: error(sigma, r),
  }),
});

testExercise(rank, solution, {
  'parameters: only the first layer is counted': counting(([[d, k] = [0, 0]], r) => r * (d + k)),
  'parameters: yours is full fine-tuning': counting((layers) => count(layers, (d, k) => d * k)),
  'parameters: r × d × k': counting((layers, r) => count(layers, (d, k) => r * d * k)),
  'the rank is missing': counting((layers) => count(layers, (d, k) => d + k)),
  'only A is counted': counting((layers, r) => count(layers, (_, k) => r * k)),
  'right only for square weights: 2 r d': counting((layers, r) => count(layers, (d) => 2 * r * d)),
  'yours counts the frozen base too': counting((layers, r) =>
    count(layers, (d, k) => d * k + r * (d + k)),
  ),
  'parameters: the text': counting((layers, r) => `${count(layers, (d, k) => r * (d + k))}`),
  'the result has no parameters': counting(() => undefined),
  'parameters: a Promise: is an `await` missing?': counting(() => Promise.resolve(1)),
  'error: the square root is missing': erring((sigma, r) => sum(sigma.slice(r).map((s) => s * s))),
  'error: added unsquared': erring((sigma, r) => sum(sigma.slice(r))),
  'error: yours is the part that rank r keeps': erring((sigma, r) =>
    Math.hypot(...sigma.slice(0, r)),
  ),
  'one pattern too few is left out': erring((sigma, r) => Math.hypot(...sigma.slice(r + 1))),
  'the weakest are kept': erring((sigma, r) => Math.hypot(...sigma.slice(0, sigma.length - r))),
  'error: yours is relative to the whole change': erring(
    (sigma, r) => Math.hypot(...sigma.slice(r)) / Math.hypot(...sigma),
  ),
  'sigma was changed in place': {
    rankTradeOff: (layers, sigma, r) => {
      const error = Math.hypot(...sigma.splice(r));
      return { parameters: count(layers, (d, k) => r * (d + k)), error };
    },
  },
  'the result must be an object { parameters, error }': {
    rankTradeOff: (layers, _, r) => count(layers, (d, k) => r * (d + k)),
  },
});
