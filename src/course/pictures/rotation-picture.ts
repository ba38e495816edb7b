import { ArgumentError } from '../../tensor/errors';
import { element, GRID_COLOR, styleOf, TEXT_COLOR, textLines } from '../plot';
import { CENTRED, type Picture, titledPicture } from './picture';

export interface RotationPictureOptions {
  /** the base of the speeds */
  theta: number;
  /** of a head, twice the number of pairs */
  size: number;
  /** which pairs are drawn: one to four */
  pairs: readonly number[];
  /** how many positions are drawn, from 0 */
  positions: number;
}

const RADIUS = 58;
const DIAL = 176;
const TOP = 136;
const HEIGHT = 270;
/** The least angle between two hands that both have a number. */
const LEAST_GAP = 0.25;

/**
 * Draws the pairs of a head as dials: one hand for each position, turned by position · θ^(-2i / size).
 * @throws ArgumentError if a pair is none of the head's, or there are none or more than four
 */
export function rotationPicture(options: RotationPictureOptions): Picture {
  const { theta, size, pairs, positions } = options;
  const odd = pairs.find((i) => !Number.isInteger(i) || i < 0 || i >= size / 2);
  if (odd !== undefined || pairs.length < 1 || pairs.length > 4) {
    throw new ArgumentError(
      `rotationPicture: pairs must be one to four of 0 to ${size / 2 - 1}, got [${pairs.join(', ')}].`,
    );
  }
  const speeds = pairs.map((i) => theta ** ((-2 * i) / size));
  const title = `Where ${pairs.length} of the ${size / 2} pairs point at positions 0 to ${positions - 1}`;
  const told = pairs.map((i, j) => `pair ${i} by ${degrees(speeds[j] ?? NaN)}`);
  const summary = `${title}. At each next position a pair turns further: ${told.join(', ')}.`;
  const dials = pairs.map((i, j) => drawDial(i, speeds[j] ?? NaN, 100 + j * DIAL, positions));
  return titledPicture({ title, summary }, HEIGHT, ...dials);
}

function drawDial(pair: number, speed: number, x: number, positions: number): string {
  const circle = { cx: x, cy: TOP, r: RADIUS, fill: 'none', stroke: GRID_COLOR };
  const hands = Array.from({ length: positions }, (_, p) => drawHand(x, speed * p));
  const turn = (2 * Math.PI) / speed;
  const notes = [`${degrees(speed)} a position`, `a full turn in ${count(turn)}`];
  return (
    element('circle', circle) +
    hands.join('') +
    drawNumbers(x, speed, positions) +
    textLines([`pair ${pair}`], x, TOP + RADIUS + 32, { ...CENTRED, 'font-weight': 'bold' }) +
    textLines(notes, x, TOP + RADIUS + 50, CENTRED)
  );
}

/** A hand from the centre; angles go against the clock, from the right. */
function drawHand(x: number, angle: number): string {
  const [dx, dy] = [RADIUS * Math.cos(angle), -RADIUS * Math.sin(angle)];
  const { color } = styleOf(0);
  const line = { x1: x, y1: TOP, x2: x + dx, y2: TOP + dy, stroke: color, 'stroke-width': 2 };
  return element('line', line);
}

/** Numbers the hands by their positions, as far as the numbers have room. */
function drawNumbers(x: number, speed: number, positions: number): string {
  const taken: number[] = [];
  return Array.from({ length: positions }, (_, p) => {
    const angle = speed * p;
    if (taken.some((other) => Math.abs(Math.sin((angle - other) / 2)) < LEAST_GAP / 2)) return '';
    taken.push(angle);
    const [left, top] = [(RADIUS + 12) * Math.cos(angle), (RADIUS + 12) * Math.sin(angle)];
    return textLines([String(p)], x + left, TOP - top + 4, { ...CENTRED, fill: TEXT_COLOR });
  }).join('');
}

function degrees(speed: number): string {
  return `${Number(((180 * speed) / Math.PI).toPrecision(3))}°`;
}

function count(positions: number): string {
  const digits = positions < 100 ? 1 : 0;
  return positions.toLocaleString('en-US', { maximumFractionDigits: digits });
}
