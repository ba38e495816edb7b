import { ArgumentError } from '../../tensor/errors';
import type { Interval } from './intervals';
import { mean, standardDeviation } from './statistics';

/** The difference of two means and its 95 % interval. */
export interface Comparison {
  difference: number;
  interval: Interval;
}

/**
 * Compares the means of two samples, such as seeds of two methods: mean(b) - mean(a) with its 95 %
 * interval (Welch 1947), which does not assume that both vary equally. An interval that holds 0 shows
 * no difference.
 * @throws ArgumentError for fewer than three values of one
 */
export function compareMeans(a: readonly number[], b: readonly number[]): Comparison {
  if (a.length < 3 || b.length < 3) {
    const got = `${a.length} and ${b.length}`;
    throw new ArgumentError(
      `compareMeans: each sample must have three values or more, got ${got}.`,
    );
  }
  const difference = mean(b) - mean(a);
  const [partA, partB] = [a, b].map((one) => standardDeviation(one) ** 2 / one.length) as [
    number,
    number,
  ];
  const variance = partA + partB;
  const freedom = variance ** 2 / (partA ** 2 / (a.length - 1) + partB ** 2 / (b.length - 1));
  const half = variance === 0 ? 0 : studentQuantile(freedom) * Math.sqrt(variance);
  return { difference, interval: [difference - half, difference + half] };
}

/** 97.5 % quantiles of Student's t for 2 to 10, 12, 15, 20, 30, 60 and infinitely many degrees of freedom. */
const QUANTILES: readonly (readonly [freedom: number, t: number])[] = [
  [2, 4.303],
  [3, 3.182],
  [4, 2.776],
  [5, 2.571],
  [6, 2.447],
  [7, 2.365],
  [8, 2.306],
  [9, 2.262],
  [10, 2.228],
  [12, 2.179],
  [15, 2.131],
  [20, 2.086],
  [30, 2.042],
  [60, 2.0],
  [Infinity, 1.96],
];

/** Interpolates in 1 / freedom, in which the quantile is nearly straight. */
function studentQuantile(freedom: number): number {
  const i = QUANTILES.findIndex(([most]) => freedom <= most);
  const [[from, low], [to, high]] = [QUANTILES[Math.max(i - 1, 0)], QUANTILES[i]] as [
    [number, number],
    [number, number],
  ];
  if (from === to) return high;
  const share = (1 / from - 1 / freedom) / (1 / from - 1 / to);
  return low + share * (high - low);
}
