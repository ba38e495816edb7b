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
    'function rankTradeOff(layers: [d: number, k: number][], sigma: number[], r: number): { parameters: number; error: number }',
  async cases(random) {
    const layers: Layers = [
      [96, 40],
      [32, 32],
      [40, 24],
    ];
    const cases: Case[] = [];
    for (const r of [2, 5, 8]) cases.push(rankCase(layers, await drawSigma(random), r));
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
  const error = number(Math.hypot(...sigma.slice(r)));
  return valueCase({
    args: { layers, sigma, r },
    expected: { parameters, error },
    suspects: {
      parameters: {
        ...wrongCounts(layers, r),
        'yours is the error: parameters and error are swapped': error,
      },
      error: wrongErrors(sigma, r),
    },
  });
}

function wrongCounts(layers: Layers, r: number): Suspects {
  const all = (of: (d: number, k: number) => number) => number(total(layers, of));
  return {
    'only the first layer is counted': number(total(layers.slice(0, 1), (d, k) => r * (d + k))),
    'yours is full fine-tuning, d × k: LoRA trains r (d + k)': all((d, k) => d * k),
    'r × d × k: the sizes of A and B add up, r × k + d × r': all((d, k) => r * d * k),
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

function wrongErrors(sigma: number[], r: number): Suspects {
  const norm = (values: number[]) => number(Math.hypot(...values));
  const leftOut = sigma.slice(r);
  const n = sigma.length;
  const sum = leftOut.reduce((all, value) => all + value, 0);
  const squares = leftOut.reduce((all, value) => all + value * value, 0);
  return {
    'yours is the part that rank r keeps: the error is the part it leaves out': norm(
      sigma.slice(0, r),
    ),
    'the square root is missing': number(squares),
    'added unsquared: the patterns are orthogonal, so their squares add': number(sum),
    'one pattern too many is left out: rank r keeps r of them': norm(sigma.slice(r - 1)),
    'one pattern too few is left out: rank r keeps r of them': norm(sigma.slice(r + 1)),
    'the weakest are kept: the best rank r keeps the r strongest': norm(sigma.slice(0, n - r)),
    'yours is relative to the whole change: the error is the distance itself': number(
      Math.sqrt(squares) / Math.hypot(...sigma),
    ),
    'yours takes the mean of the squares: they must be added': number(
      Math.sqrt(squares / leftOut.length),
    ),
    'only the strongest pattern left out is counted': number(leftOut[0] ?? NaN),
  };
}

/** Exercise 1: the parameters and the error of a rank. */
export const rank: Exercise = {
  id: 'rank',
  title: 'Exercise 1: rank sensitivity',
  parts: [rankTradeOff],
  hints: [
    'The two numbers are independent: parameters counts the numbers in A and B over all layers; error is the distance from the best change of rank r to the change that is needed.',
    'A is [r, k] and B is [d, r]. For the error: a matrix is a sum of patterns, one for each singular value; its best approximation of rank r keeps the r strongest (Eckart and Young 1936).',
    'The patterns are orthogonal, so the squares of the singular values left out add up, as in Pythagoras: error = √(σ²ᵣ₊₁ + σ²ᵣ₊₂ + ...).',
    'sigma.slice(r) holds the values left out. It is empty from r = 8 on, so reduce needs 0 as its start value.',
  ],
};
