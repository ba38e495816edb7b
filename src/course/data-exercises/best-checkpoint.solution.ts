import { mean, standardDeviation } from '../measure';

/** The earliest checkpoint within one standard error, paired by row, of the lowest mean loss. */
export function chooseCheckpoint(losses: number[][]): number {
  const means = losses.map(mean);
  const best = losses[means.indexOf(Math.min(...means))] ?? [];
  return losses.findIndex((own) => {
    const differences = own.map((loss, row) => loss - (best[row] ?? NaN));
    const error = standardDeviation(differences) / Math.sqrt(differences.length);
    return mean(differences) <= error;
  });
}
