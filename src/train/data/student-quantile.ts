/** 97.5 % quantiles of Student's t for 1 to 10, 12, 15, 20, 30, 60 and infinitely many degrees of freedom. */
const QUANTILES: readonly (readonly [freedom: number, t: number])[] = [
  [1, 12.706],
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

/**
 * The 97.5 % quantile of Student's t for 1 degree of freedom or more: 95 % are within ± it. Interpolates
 * in 1 / freedom, in which the quantile is nearly straight from 2 on.
 */
export function studentQuantile(freedom: number): number {
  const i = QUANTILES.findIndex(([most]) => freedom <= most);
  const [[from, low], [to, high]] = [QUANTILES[Math.max(i - 1, 0)], QUANTILES[i]] as [
    [number, number],
    [number, number],
  ];
  if (from === to) return high;
  const share = (1 / from - 1 / freedom) / (1 / from - 1 / to);
  return low + share * (high - low);
}
