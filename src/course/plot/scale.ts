import { wrapText } from './svg';

/** One axis of a chart. */
export interface Axis {
  /** The measured quantity, with its unit. */
  title: string;
  scale?: 'linear' | 'log';
  /** Tick positions in data units; chosen from the data when left out. */
  ticks?: number[];
  /** Formats a value on the axis, beside bars and on hover; as 1,536 when left out. */
  format?: (value: number) => string;
}

/** An axis with its range and ticks. */
export interface Scale {
  titleLines: string[];
  type: 'linear' | 'log';
  /** Both ends of the drawn range, on a log axis as exponents of ten (as Plotly expects them). */
  range: [number, number];
  ticks: number[];
  labels: string[];
  format: (value: number) => string;
  /** Position of a value along the axis: 0 at its start, 1 at its end. */
  place: (value: number) => number;
}

/** Number of tick intervals aimed at; MOST is the upper limit. */
const STEPS = 6;
const MOST_STEPS = 8;
/** Margin at both ends as a fraction of the range, so that no marker is on the frame. */
const PADDING = 0.03;
/** Titles are broken at this width in px: the shorter side of a plot. */
const TITLE_WIDTH = 300;

/** Creates a scale for points: its range holds all values and ticks, with margins at both ends. */
export function pointScale(axis: Axis, values: number[]): Scale {
  const ticks = axis.ticks ?? chooseTicks(axis, values);
  const [low, high] = extent([...values, ...ticks].map(transform(axis)));
  const room = high > low ? (high - low) * PADDING : 1;
  return settle(axis, ticks, [low - room, high + room]);
}

/** Creates a scale for bars: from 0, or on a log axis from a power of ten below every value. */
export function barScale(axis: Axis, values: number[]): Scale {
  const [least, most] = extent(values);
  const start = axis.scale === 'log' ? powerOf(10, Math.floor(Math.log10(least / 2))) : 0;
  const ticks = axis.ticks ?? chooseTicks(axis, [start, most > 0 ? most : 1]);
  return settle(axis, ticks, extent([...values, ...ticks, start].map(transform(axis))));
}

function settle(axis: Axis, ticks: number[], range: [number, number]): Scale {
  const { title, scale: type = 'linear', format = formatNumber } = axis;
  const [low, high] = range;
  const titleLines = wrapText(title, TITLE_WIDTH);
  const toAxis = transform(axis);
  const place = (value: number): number => (toAxis(value) - low) / (high - low);
  return { titleLines, type, range, ticks, labels: ticks.map(format), format, place };
}

function transform(axis: Axis): (value: number) => number {
  return axis.scale === 'log' ? Math.log10 : (value) => value;
}

function chooseTicks(axis: Axis, values: number[]): number[] {
  const [low, high] = extent(values);
  if (axis.scale !== 'log') return linearTicks(low, high);
  return values.every(isPowerOfTwo) ? powerTicks(2, low, high) : logTicks(low, high);
}

/** Multiples of 1, 2 or 5 times a power of ten that enclose [low, high]. */
export function linearTicks(low: number, high: number): number[] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // A range lost in rounding has no steps: give a flat line a range instead.
  if (high - low <= size * 1e-9) {
    const air = size > 0 ? size / 2 : 1;
    return linearTicks(low - air, high + air);
  }
  const step = niceStep((high - low) / STEPS);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = [];
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function niceStep(raw: number): number {
  const exponent = Math.floor(Math.log10(raw));
  const nice = [1, 2, 5, 10].find((factor) => factor >= raw / powerOf(10, exponent) - 1e-9) ?? 10;
  return nice * powerOf(10, exponent);
}

/** 1, 2, 5, 10, ... within two decades, else powers of ten; they enclose [low, high]. */
export function logTicks(low: number, high: number): number[] {
  if (Math.log10(high / low) > 2) return powerTicks(10, low, high);
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high)) + 1];
  const steps = [];
  for (let e = first; e <= last; e++) {
    for (const factor of [1, 2, 5]) steps.push(Number(`${factor}e${e}`));
  }
  const start = Math.max(...steps.filter((tick) => tick <= low));
  const end = Math.min(...steps.filter((tick) => tick >= high));
  return steps.filter((tick) => tick >= start && tick <= end);
}

/** Powers of the base that enclose [low, high]; every second, third, ... where there are many. */
export function powerTicks(base: 2 | 10, low: number, high: number): number[] {
  const log = base === 2 ? Math.log2 : Math.log10;
  const [first, last] = [Math.floor(log(low)), Math.ceil(log(high))];
  const stride = Math.max(1, Math.ceil((last - first) / MOST_STEPS));
  const ticks = [];
  for (let e = first; e < last + stride; e += stride) ticks.push(powerOf(base, e));
  return ticks;
}

/** Computes 10 ** n by parsing, which is exact where `**` is not. */
function powerOf(base: 2 | 10, exponent: number): number {
  return base === 2 ? 2 ** exponent : Number(`1e${exponent}`);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value)) && 2 ** Math.log2(value) === value;
}

function extent(values: number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

/** Created once: creating it costs more than a hundred uses. */
const PLAIN = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** 1,536 and 0.25; very small and very large numbers as 1e-5 and 2.5e+20. */
function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e15)) {
    return PLAIN.format(value);
  }
  return Number(value.toPrecision(6)).toExponential();
}
