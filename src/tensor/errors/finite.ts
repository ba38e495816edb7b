import { NonFiniteError } from './errors';

/** Names how many numbers are NaN or infinite, in the words of an error; null if none is. */
export function nonFiniteFault(what: string, values: Float32Array): string | null {
  let bad = 0;
  for (const value of values) if (!Number.isFinite(value)) bad++;
  if (bad === 0) return null;
  return `every number of ${what} must be finite, got ${bad} of ${values.length} NaN or infinite.`;
}

/** @throws NonFiniteError, in the caller's name, if a number is NaN or infinite */
export function assertFinite(
  caller: string,
  what: string,
  values: Float32Array,
  advice = 'Look for a diverged or damaged weight.',
): void {
  const fault = nonFiniteFault(what, values);
  if (fault === null) return;
  throw new NonFiniteError(`${caller}: ${fault} ${advice}`);
}
