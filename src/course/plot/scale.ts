import { wrapText } from './svg';

/** One axis of a chart. */
export interface Axis {
  /** What is measured, with its unit. */
  title: string;
  scale?: 'linear' | 'log';
  /** Where the ticks stand, in data units; chosen from the data when left out. */
  ticks?: number[];
  /** How a value is written on the axis, beside bars and on hover; 1,536 when left out. */
  format?: (value: number) => string;
}

/** An axis with its range and ticks settled. */
export interface Scale {
  titleLines: string[];
  type: 'linear' | 'log';
  /** Both ends of the drawn range, as exponents of ten on a log axis (as Plotly wants them). */
  range: [number, number];
  ticks: number[];
  labels: string[];
  format: (value: number) => string;
  /** Place of a value along the axis: 0 at its start, 1 at its end. */
  place: (value: number) => number;
}

/** About this many steps are aimed at between ticks that are chosen here, and never more than MOST. */
const STEPS = 6;
const MOST_STEPS = 8;
/** Room at both ends, as a share of the range, so that no marker sits on the frame. */
const PADDING = 0.03;
/** Titles are broken at this width in px: the shorter side of a plot. */
const TITLE_WIDTH = 300;

/** Scale for points: the range holds all values and ticks, with a little room at both ends. */
export function pointScale(axis: Axis, values: number[]): Scale {
  const ticks = axis.ticks ?? chooseTicks(axis, values);
  const [low, high] = extent([...values, ...ticks].map(transform(axis)));
  const room = high > low ? (high - low) * PADDING : 1;
  return settle(axis, ticks, [low - room, high + room]);
}

/** Scale for bars: starts at 0, or on a log axis at a power of ten that leaves every bar a length. */
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
  // A range lost in rounding has no steps: give a flat line some air instead.
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

/** Exact where the parser is and `**` is not. */
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

/** Made once: making it costs more than a hundred uses. */
const PLAIN = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** 1,536 and 0.25; very small and very large numbers as 1e-5 and 2.5e+20. */
function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e15)) {
    return PLAIN.format(value);
  }
  return Number(value.toPrecision(6)).toExponential();
}
