import { list, type Suspects } from '../judge';

type Quantile = (p: number) => number;

/** δ of NF4, the smallest p. */
const DELTA = (1 / 32 + 1 / 30) / 2;

/** Computes wrong levels, keyed by the mistake that leads to them. */
export function levelSuspects(quantile: Quantile): Suspects {
  const right = toOne(sides(quantile, DELTA));
  return {
    'the levels are not divided by the largest: they must end at 1': list(sides(quantile, DELTA)),
    ...spacingSuspects(quantile),
    ...zeroSuspects(quantile, right),
    'the order is reversed: the levels must rise from -1 to 1': list([...right].reverse()),
    'sort() sorts numbers as if they were text: sort((a, b) => a - b)': list([...right].sort()),
    'the levels must be sorted, from -1 to 1': list([
      ...right.slice(0, 8).reverse(),
      ...right.slice(8),
    ]),
  };
}

/** Wrong probabilities, or none. */
function spacingSuspects(quantile: Quantile): Suspects {
  const by = (delta: number) => list(toOne(sides(quantile, delta)));
  const [low, high] = [even(8, DELTA, 0.5), even(9, 0.5, 1 - DELTA)];
  // With one gap more, the last is left out.
  const [lower, higher] = [even(9, DELTA, 0.5).slice(0, 8), even(10, 0.5, 1 - DELTA).slice(0, 9)];
  return {
    'evenly spaced: that is plain 4-bit, not quantiles of the normal distribution': list(
      even(16, -1, 1),
    ),
    'the levels are evenly spaced on each side: p must be, so apply normalQuantile to each p': list(
      [...even(8, -1, 0), ...even(9, 0, 1).slice(1)],
    ),
    'n values with both ends have n - 1 gaps: p rises in steps of (1/2 - δ) / 7 below and / 8 above':
      [
        [...lower, ...high.slice(1)],
        [...low, ...higher.slice(1)],
        [...lower, ...higher.slice(1)],
      ].flatMap((p) => bothWays(p.map(quantile))),
    'δ is the mean of 1/32 and 1/30, half of their sum: mind the brackets': [
      1 / 32 + 1 / 30,
      0.5 / 32 + 1 / 30,
      1 / 32 + 0.5 / 30,
    ].map(by),
    'δ is 1/32: it must be the mean of 1/32 and 1/30': by(1 / 32),
    'δ is 1/30: it must be the mean of 1/32 and 1/30': by(1 / 30),
  };
}

/** No zero, or two, or in another place. */
function zeroSuspects(quantile: Quantile, right: number[]): Suspects {
  const low = even(8, DELTA, 0.5);
  return {
    'no level is zero: build the two sides separately, both from p = 1/2': list(
      toOne(even(16, DELTA, 1 - DELTA).map(quantile)),
    ),
    'zero occurs twice: both sides contain it': list([...right.slice(0, 8), 0, ...right.slice(8)]),
    'zero occurs twice: of p from 1/2 to 1 - δ take nine, and leave out the first': [
      even(8, 0.5, 1 - DELTA),
      even(9, 0.5, 1 - DELTA).slice(0, 8),
    ].flatMap((high) => bothWays([...low, ...high].map(quantile))),
    'both zeros were removed: one must stay': list(right.filter((level) => level !== 0)),
    'eight levels below zero and seven above: it must be seven below and eight above': list(
      toOne(sides(quantile, DELTA, 9)),
    ),
  };
}

/** The levels before they are divided by the largest. */
function sides(quantile: Quantile, delta: number, below = 8): number[] {
  const p = [...even(below, delta, 0.5), ...even(17 - below, 0.5, 1 - delta).slice(1)];
  return p.map(quantile);
}

/** Numbers from one end to the other, both included. */
function even(n: number, from: number, to: number): number[] {
  return Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
}

function toOne(levels: number[]): number[] {
  const largest = Math.max(...levels.map(Math.abs));
  return levels.map((level) => level / largest);
}

/** With a mistake, the levels may or may not be divided by the largest. */
function bothWays(levels: number[]): ReturnType<typeof list>[] {
  return [list(toOne(levels)), list(levels)];
}
