import type { Axis } from './scale';
import { STYLES } from './theme';

/** A chart that cannot be drawn; the message holds one line for each fault found. */
export class FigureError extends RangeError {
  override readonly name = 'FigureError';
  readonly faults: readonly string[];

  constructor(functionName: string, faults: readonly string[]) {
    super(faults.map((fault) => `${functionName}: ${fault}`).join('\n'));
    this.faults = faults;
  }
}

/** Beyond this size, or its inverse, sums and ratios of values leave what a double can hold. */
const LIMIT = 1e100;

/** Faults of the words that every chart carries. */
export function checkWords(words: Record<string, string>): string[] {
  return Object.entries(words)
    .filter(([, word]) => word.trim() === '')
    .map(([what]) => `${what} must be a sentence, got "". Say what the reader should see.`);
}

/** Faults of an axis' own ticks. */
export function checkAxis(what: string, { scale, ticks }: Axis): string[] {
  if (ticks === undefined) return [];
  if (ticks.length > 0) return checkValues(`${what} ticks`, ticks, scale === 'log');
  return [
    `${what} ticks must be at least one number, got none. Leave them out to have them chosen.`,
  ];
}

/** Faults in the number of series. */
export function checkCount(series: readonly unknown[]): string[] {
  if (series.length > 0 && series.length <= STYLES.length) return [];
  const advice = 'Split the chart';
  return [`series must be 1 to ${STYLES.length}, got ${series.length}. ${advice}.`];
}

/** Faults of a list of values; of several with the same fault the first speaks. */
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

/** @throws FigureError with all faults, if there are any */
export function throwFaults(functionName: string, faults: string[]): void {
  if (faults.length > 0) throw new FigureError(functionName, faults);
}
