import { ArgumentError } from '../../tensor/errors';
import { mean, standardDeviation, studentQuantile } from '../../train/data';
import type { Interval } from './intervals';

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
