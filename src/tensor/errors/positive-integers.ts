import { ArgumentError } from './errors';

/** @throws ArgumentError listing every value that is not a positive integer */
export function assertPositiveIntegers(caller: string, values: Record<string, number>): void {
  const faults = Object.entries(values)
    .filter(([, value]) => !Number.isSafeInteger(value) || value < 1)
    .map(([name, value]) => `${name} must be a positive integer, got ${value}`);
  if (faults.length > 0) throw new ArgumentError(`${caller}: ${faults.join('; ')}.`);
}
