import { ArgumentError, quote } from '../../tensor/errors';
import { mean, standardDeviation } from './statistics';
import { studentQuantile } from './student-quantile';

/**
 * The mean of a sample, such as of losses, and its 95 % interval, mean ± margin, by Student's t: as
 * honest for few values as for many.
 * @throws ArgumentError for fewer than two values
 */
export function meanInterval(values: readonly number[]): { mean: number; margin: number } {
  if (!Array.isArray(values) || values.length < 2) {
    const got = Array.isArray(values) ? values.length : quote(values);
    throw new ArgumentError(
      `meanInterval: values must be a list of two numbers or more, got ${got}. Measure more, such as more rows held back.`,
    );
  }
  const error = standardDeviation(values) / Math.sqrt(values.length);
  return { mean: mean(values), margin: studentQuantile(values.length - 1) * error };
}
