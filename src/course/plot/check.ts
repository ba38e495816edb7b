import { ArgumentError } from '../../tensor/errors';
import type { Axis } from './scale';
import { STYLES } from './theme';

/** Largest |value|; 1 / LIMIT is the smallest. Sums and ratios then fit into a double. */
const LIMIT = 1e100;

/** Lists the faults of title, summary and axis titles. */
export function checkWords(words: Record<string, string>): string[] {
  return Object.entries(words)
    .filter(([, word]) => word.trim() === '')
    .map(([what]) => `${what} must be a sentence, got "". Say what the reader should see.`);
}

/** Lists the faults of the ticks of an axis. */
export function checkAxis(what: string, { scale, ticks }: Axis): string[] {
  if (ticks === undefined) return [];
  if (ticks.length > 0) return checkValues(`${what} ticks`, ticks, scale === 'log');
  return [
    `${what} ticks must be at least one number, got none. Leave them out to have them chosen.`,
  ];
}

/** Lists the faults in the number of series. */
export function checkCount(series: readonly unknown[]): string[] {
  if (series.length > 0 && series.length <= STYLES.length) return [];
  const advice = 'Split the chart';
  return [`series must be 1 to ${STYLES.length}, got ${series.length}. ${advice}.`];
}

/** Lists the faults of values: for each kind of fault, the first value that has it. */
export function checkValues(what: string, values: number[], isLog: boolean): string[] {
  const faults = [];
  const odd = values.findIndex((value) => !isDrawable(value));
  if (odd >= 0) {
    const range = `finite (0, or ${1 / LIMIT} to ${LIMIT} in size)`;
    faults.push(`${what} must be ${range}, got ${values[odd]}. Leave such points out.`);
  }
  const low = values.find((value) => value <= 0);
  if (isLog && low !== undefined) {
    const advice = 'Leave it out or use a linear scale';
    faults.push(`${what} must be positive on a log axis, got ${low}. ${advice}.`);
  }
  return faults;
}

function isDrawable(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 1 / LIMIT && size <= LIMIT);
}

/** @throws ArgumentError with one line per fault, if there is any */
export function throwFaults(functionName: string, faults: string[]): void {
  if (faults.length === 0) return;
  throw new ArgumentError(faults.map((fault) => `${functionName}: ${fault}`).join('\n'));
}
