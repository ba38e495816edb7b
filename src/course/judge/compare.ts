import type { Values } from './values';

/** Largest float32 error accepted, relative to the largest expected entry, or to a small one. */
const TOLERANCE = 1e-5;
/** Rounding leaves some 1e-8 where 0 is expected, as in √(1 - a / b). */
const SMALL = 1e-2;

/** Known wrong values, keyed by the mistake that leads to each; a list if it has several forms. */
export type Suspects = Record<string, Values | Values[]>;

/** Tells whether two values are equal up to rounding. */
export function agree(got: Values, expected: Values): boolean {
  if (got.shape.join() !== expected.shape.join()) return false;
  return largestDifference(got, expected) <= toleranceFor(expected);
}

function toleranceFor(expected: Values): number {
  return TOLERANCE * Math.max(largest(expected), SMALL);
}

/**
 * Formats a wrong value beside the right one. A list is shown at the first place that differs: its
 * first numbers may be right.
 */
export function formatBoth(got: Values, expected: Values): { got: string; expected: string } {
  const at = got.form === 'list' ? firstDifference(got, expected) : -1;
  const format = (one: Values) =>
    at < 0 || at >= one.values.length
      ? formatValues(one)
      : `${shapeOf(one)} entry ${at} is ${formatNumber(one.values[at] ?? NaN)}`;
  return { got: format(got), expected: format(expected) };
}

function firstDifference(got: Values, expected: Values): number {
  const most = toleranceFor(expected);
  return Array.from(expected.values).findIndex((value, i) => {
    const one = got.values[i] ?? NaN;
    return !Object.is(one, value) && !(Math.abs(one - value) <= most);
  });
}

/** Computes the largest |got - expected|; NaN if an entry of `got` is NaN. */
export function largestDifference(got: Values, expected: Values): number {
  let worst = 0;
  for (let i = 0; i < expected.values.length; i++) {
    const [a, b] = [got.values[i] ?? NaN, expected.values[i] ?? NaN];
    const difference = Object.is(a, b) ? 0 : Math.abs(a - b); // a suspect may hold NaN or ∞
    if (Number.isNaN(difference)) return NaN;
    worst = Math.max(worst, difference);
  }
  return worst;
}

/** Finds the likeliest mistake behind a wrong value; undefined if no known one fits. */
export function findMistake(got: Values, expected: Values, suspects: Suspects): string | undefined {
  const suspect = Object.entries(suspects).find(([, values]) =>
    [values].flat().some((value) => agree(got, value)),
  );
  if (suspect) return suspect[0];
  if (isTransposeOf(got, expected)) return 'your result is the transpose of the right one';
  if (got.shape.join() !== expected.shape.join()) {
    return `the shape is ${shapeOf(got)}, it must be ${shapeOf(expected)}`;
  }
  const notFinite = countNotFinite(got);
  if (notFinite > 0 && got.form === 'number') return `the result is ${got.values[0]}`;
  if (got.form === 'tensor' && Array.from(got.values).every(Number.isNaN)) {
    return 'every entry is NaN: s * a is NaN for a tensor a (write a.mul(s)), and so is a number that is undefined';
  }
  if (notFinite > 0) return `${notFinite} of ${got.values.length} entries are NaN or infinite`;
  if (hasOneRow(got)) return 'every row is the same: one row was broadcast over all of them';
  return undefined;
}

/** Names the factor of a wrong value on the right one; undefined if it has none. */
export function findFactor(got: Values, expected: Values): string | undefined {
  const factor = constantFactor(got, expected);
  return factor === undefined
    ? undefined
    : `yours is ${formatFactor(factor)} the right value everywhere`;
}

/** `[5, 3] -0.123, 0.5, …` */
export function formatValues({ form, shape, values }: Values): string {
  const first = Array.from(values).slice(0, 4).map(formatNumber).join(', ');
  if (form === 'number') return first;
  return `${shapeOf({ shape })} ${first}${values.length > 4 ? ', …' : ''}`;
}

/** At most six significant digits, thousands with commas. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value !== 0 && size < 1e-4) return value.toExponential(2);
  return value.toLocaleString('en-US', {
    maximumSignificantDigits: size >= 1000 ? 15 : 6,
    maximumFractionDigits: 6,
  });
}

export function shapeOf({ shape }: { shape: number[] }): string {
  return `[${shape.join(', ')}]`;
}

function largest({ values }: Values): number {
  return Math.max(0, ...Array.from(values, Math.abs).filter(Number.isFinite));
}

function countNotFinite({ values }: Values): number {
  return Array.from(values).filter((value) => !Number.isFinite(value)).length;
}

function isTransposeOf(got: Values, expected: Values): boolean {
  const [rows, columns] = expected.shape;
  if (rows === undefined || columns === undefined) return false;
  const values = Array.from({ length: got.values.length }, (_, index) => {
    return expected.values[(index % rows) * columns + Math.floor(index / rows)] ?? NaN;
  });
  return agree(got, { ...expected, shape: [columns, rows], values });
}

function hasOneRow({ shape, values }: Values): boolean {
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || rows < 2) return false;
  return Array.from(values).every((value, i) => value === values[i % columns]);
}

/** Computes c such that got = c · expected; undefined if there is none or it cannot be told. */
function constantFactor(got: Values, expected: Values): number | undefined {
  if (shapeOf(got) !== shapeOf(expected)) return undefined;
  const entries = Array.from(expected.values);
  const most = largest(expected);
  const at = entries.findIndex((value) => Math.abs(value) === most);
  const factor = (got.values[at] ?? NaN) / (entries[at] ?? NaN);
  const scaled = { ...expected, values: entries.map((value) => factor * value) };
  return entries.length > 1 && factor !== 0 && agree(got, scaled) ? factor : undefined;
}

function formatFactor(factor: number): string {
  if (agreeNumbers(factor, 0.5)) return 'exactly half';
  if (agreeNumbers(factor, 2)) return 'exactly twice';
  if (agreeNumbers(factor, -1)) return 'the negative of';
  return `${formatNumber(factor)} times`;
}

function agreeNumbers(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.abs(b);
}
