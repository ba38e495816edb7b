/**
 * The share of the values, from 0 to 1, that is nearest to each of evenly spaced centres; values
 * more than half a step outside are in none.
 */
export function histogram(values: readonly number[], centres: readonly number[]): number[] {
  const [first = NaN, second = NaN] = centres;
  const shares = centres.map(() => 0);
  for (const value of values) {
    const bin = Math.round((value - first) / (second - first));
    const share = shares[bin];
    if (share !== undefined) shares[bin] = share + 1 / values.length;
  }
  return shares;
}
