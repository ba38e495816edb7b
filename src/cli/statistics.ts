import { alea } from 'seedrandom';

/** Both ends of an interval. */
export type Interval = [low: number, high: number];

/** Of a normal distribution, 95 % lie so many standard deviations around the mean. */
const Z = 1.96;

/** The 95 % interval of a share, `successes` of `count` (Wilson 1927); good near 0 and 1 too. */
export function wilson(successes: number, count: number): Interval {
  const share = successes / count;
  const middle = share + Z ** 2 / (2 * count);
  const half = Z * Math.sqrt((share * (1 - share)) / count + (Z / (2 * count)) ** 2);
  const scale = 1 + Z ** 2 / count;
  return [(middle - half) / scale, (middle + half) / scale];
}

const DRAWS = 10_000;

/**
 * How much more often `a` is right than `b` on the same problems, and the 95 % interval of that by
 * bootstrap (Efron 1979): the problems are drawn again, with replacement, pairs kept together.
 */
export function pairedDifference(
  a: readonly boolean[],
  b: readonly boolean[],
  seed: number,
): { difference: number; interval: Interval } {
  const gains = a.map((right, i) => Number(right) - Number(b[i]));
  const draw = alea(`bootstrap ${seed}`);
  const mean = (pick: (i: number) => number) =>
    gains.reduce((sum, _, i) => sum + (gains[pick(i)] ?? 0), 0) / gains.length;
  const means = Array.from({ length: DRAWS }, () =>
    mean(() => Math.floor(draw.double() * gains.length)),
  ).sort((x, y) => x - y);
  const at = (share: number) => means[Math.round(share * (DRAWS - 1))] ?? NaN;
  return { difference: mean((i) => i), interval: [at(0.025), at(0.975)] };
}
