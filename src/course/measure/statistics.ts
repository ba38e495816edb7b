export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample, sqrt(sum (x - mean)² / (n - 1)); NaN for one value. */
export function standardDeviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.map((value) => (value - middle) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (values.length - 1));
}

/** Quantiles of the values at shares from 0 to 1. */
export function quantiles<Shares extends readonly number[]>(
  values: readonly number[],
  ...shares: Shares
): { [Share in keyof Shares]: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return shares.map(at) as { [Share in keyof Shares]: number };
}
