import type { Random } from '../../tensor/runtime';
import {
  type Case,
  drawMatrix,
  type Exercise,
  number,
  type Part,
  type Suspects,
  valueCase,
} from '../judge';

type Layers = [d: number, k: number][];

const rankTradeOff: Part = {
  name: 'rankTradeOff',
  signature:
    'function rankTradeOff(layers: [d: number, k: number][], sigma: number[], r: number): { parameters: number; missed: number }',
  async cases(random) {
    const layers: Layers = [
      [96, 40],
      [32, 32],
      [40, 24],
    ];
    const cases: Case[] = [];
    for (const r of [2, 5]) cases.push(rankCase(layers, await drawSigma(random), r));
    cases.push(rankCase(layers, EXACT, EXACT.length));
    for (const r of [8, 12, 36]) cases.push(rankCase(layers, await drawSigma(random), r));
    return cases;
  },
  async square(random) {
    return rankCase(
      [
        [24, 24],
        [32, 32],
      ],
      await drawSigma(random),
      3,
    );
  },
};

/**
 * Singular values whose squares add up without rounding, in any order, to 10²: where all are kept,
 * NaN is no root of a number below 0.
 */
const EXACT = [8, 4, 3, 3, 1, 1];

/** Draws eight singular values in falling order: those of a change of rank 8. */
async function drawSigma(random: Random): Promise<number[]> {
  const { values } = await drawMatrix(random, 1, 8);
  return values.map((value) => 0.5 + Math.abs(value)).sort((a, b) => b - a);
}

function total(layers: Layers, of: (d: number, k: number) => number): number {
  return layers.reduce((sum, [d, k]) => sum + of(d, k), 0);
}

function rankCase(layers: Layers, sigma: number[], r: number): Case {
  const parameters = number(total(layers, (d, k) => r * (d + k)));
  const missed = number(Math.hypot(...sigma.slice(r)) / Math.hypot(...sigma));
  return valueCase({
    args: { layers, sigma: [...sigma], r },
    expected: { parameters, missed },
    suspects: {
      parameters: {
        ...wrongCounts(layers, r),
        'yours is the share: parameters and missed are swapped': missed,
      },
      missed: wrongShares(sigma, r),
    },
  });
}

function wrongCounts(layers: Layers, r: number): Suspects {
  const all = (of: (d: number, k: number) => number) => number(total(layers, of));
  return {
    'only the first layer is counted': number(total(layers.slice(0, 1), (d, k) => r * (d + k))),
    'yours is full fine-tuning, d × k: LoRA trains r (d + k)': all((d, k) => d * k),
    'r × d × k: the sizes of A and B add up, r × k + d × r': all((d, k) => r * d * k),
    'the smaller side takes the place of r: A and B have r rows and columns, however large r is':
      all((d, k) => Math.min(r, d, k) * (d + k)),
    'the rank is missing: r (d + k), not d + k': all((d, k) => d + k),
    'only B is counted: A has r × k numbers': all((d) => r * d),
    'only A is counted: B has d × r numbers': all((_, k) => r * k),
    'yours counts the frozen base too: only A and B are trained': all(
      (d, k) => d * k + r * (d + k),
    ),
    'right only for square weights: 2 r d holds where d = k': all((d) => 2 * r * d),
    'right only for square weights: 2 r k holds where d = k': all((_, k) => 2 * r * k),
  };
}

function wrongShares(sigma: number[], r: number): Suspects {
  const n = sigma.length;
  const size = (strengths: number[]) => Math.hypot(...strengths);
  const sum = (strengths: number[]) => strengths.reduce((all, one) => all + one, 0);
  const [kept, leftOut, all] = [sigma.slice(0, r), sigma.slice(r), size(sigma)];
  const missed = size(leftOut) / all;
  return {
    [whyNaN(sigma, r)]: number(NaN),
    'that is how far away rank r stays: divide it by the size of the whole change, all of sigma':
      number(size(leftOut)),
    'the square root is missing: yours is the share of the squares': number(missed ** 2),
    'yours is the square of how far away rank r stays: take the root, divide by that of all of sigma':
      number(size(leftOut) ** 2),
    'added unsquared: the squares of the strengths add up, as in Pythagoras': [
      number(sum(leftOut) / sum(sigma)),
      number(sum(leftOut)),
    ],
    'the squares are missing: it is √(Σσ² / Σσ²), not √(Σσ / Σσ)': [
      number(Math.sqrt(sum(leftOut) / sum(sigma))),
      number(Math.sqrt(sum(leftOut))),
    ],
    'yours is the share that rank r keeps: missed is what it leaves out': [
      number(size(kept) / all),
      number((size(kept) / all) ** 2),
      number(sum(kept) / sum(sigma)),
    ],
    'kept and missed do not add up to 1, their squares do': number(1 - size(kept) / all),
    'divided by what rank r keeps: it must be the whole change': number(size(leftOut) / size(kept)),
    'upside down: the part left out is divided by the whole': number(all / size(leftOut)),
    'one pattern too many is left out: rank r keeps r of them': number(
      size(sigma.slice(r - 1)) / all,
    ),
    'one pattern too few is left out: rank r keeps r of them': number(
      size(sigma.slice(r + 1)) / all,
    ),
    'the weakest are kept: the best rank r keeps the r strongest': number(
      size(sigma.slice(0, Math.max(n - r, 0))) / all,
    ),
    'only the strongest pattern left out is counted': [
      number((leftOut[0] ?? NaN) / all),
      number(leftOut[0] ?? NaN),
    ],
    'yours is in per cent: a share is from 0 to 1': number(100 * missed),
    'yours counts patterns: each weighs as much as the square of its strength': number((n - r) / n),
  };
}

/** Where NaN comes from depends on how many of the n strengths are kept. */
function whyNaN(sigma: number[], r: number): string {
  const n = sigma.length;
  if (r > n) {
    return 'sigma has sigma.length entries, and r may be larger: sigma[i] is undefined there, and the sum NaN';
  }
  if (r < n) {
    return 'the result is NaN: a sum with sigma[sigma.length], which is undefined (the last index is sigma.length - 1: is there a <= in place of <?), or the root of a number below 0';
  }
  return sigma === EXACT
    ? 'where r is sigma.length nothing is left out: sigma[r] is undefined there, and a sum with it NaN'
    : 'NaN is the root of a number below 0, by rounding: add up what is left out instead';
}

/** Exercise 1: the parameters of a rank, and what it misses. */
export const rank: Exercise = {
  id: 'rank',
  title: 'Exercise 1: rank sensitivity',
  parts: [rankTradeOff],
  hints: [
    'The two numbers are independent: parameters counts the numbers in A [r, k] and B [d, r] over all layers; missed is how much of the needed change rank r leaves out, from 0 (nothing) to 1 (all).',
    'A matrix is a sum of simple patterns, each with a strength: its singular values sigma, the strongest first. Rank r has room for r patterns, so at best it keeps the r strongest (Eckart and Young 1936).',
    'The patterns stand at right angles to each other. So their squares add up, as in Pythagoras: the size of the part left out is √(σ²ᵣ₊₁ + σ²ᵣ₊₂ + ...), and that of the whole change the same over all of sigma. missed is the one divided by the other.',
    'sigma.slice(r) holds the strengths left out. It is empty from r = sigma.length on, so reduce needs 0 as its start value.',
  ],
};
