/** Quantiles of the values at shares from 0 to 1. */
export function quantiles<Shares extends readonly number[]>(
  values: readonly number[],
  ...shares: Shares
): { [Share in keyof Shares]: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return shares.map(at) as { [Share in keyof Shares]: number };
}
