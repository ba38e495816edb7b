import { Draw } from '../../tensor/runtime';
import { mean } from '../../train/data';
import { quantiles } from './quantiles';

/** The ends of an interval. */
export type Interval = [low: number, high: number];

/** 95 % of a normal distribution are within Z standard deviations of the mean. */
const Z = 1.96;

/** The 95 % interval of the share `successes / count` (Wilson 1927), which is exact enough near 0 and 1. */
export function wilson(successes: number, count: number): Interval {
  const share = successes / count;
  const middle = share + Z ** 2 / (2 * count);
  const half = Z * Math.sqrt((share * (1 - share)) / count + (Z / (2 * count)) ** 2);
  const scale = 1 + Z ** 2 / count;
  // Rounding would take the ends of 0 and of `count` successes beyond 0 and 1.
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)];
}

const DRAWS = 10_000;

/**
 * The share of problems that `a` solves minus that of `b`, on the same problems, with its 95 %
 * interval by bootstrap (Efron 1979): problems are drawn with replacement, pairs kept together.
 */
export function pairedDifference(
  a: readonly boolean[],
  b: readonly boolean[],
  seed: number,
): { difference: number; interval: Interval } {
  const gains = a.map((right, i) => Number(right) - Number(b[i]));
  const draw = new Draw(seed, 'bootstrap');
  const drawn = () => gains[Math.floor(draw.unit() * gains.length)] ?? 0;
  const means = Array.from({ length: DRAWS }, () => mean(gains.map(drawn)));
  return { difference: mean(gains), interval: quantiles(means, 0.025, 0.975) };
}
