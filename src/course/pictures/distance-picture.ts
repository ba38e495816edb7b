import { element, GRID_COLOR, styleOf, TEXT_COLOR, textLines } from '../plot';
import { CENTRED, type Picture, titledPicture } from './picture';

export interface DistancePictureOptions {
  /** the base of the speeds */
  theta: number;
  /** of a head, twice the number of pairs */
  size: number;
  /** the longest text, in tokens */
  longest: number;
}

const BOX = { left: 92, right: 664, top: 56 };
const ROWS = 288;
/** The share of a turn from which two angles are told apart here. */
const LEAST_TURN = 1 / 16;

/**
 * Draws which distances each pair of a head can tell: from those that turn it visibly, by a sixteenth,
 * to a whole turn, where it starts again.
 */
export function distancePicture({ theta, size, longest }: DistancePictureOptions): Picture {
  const wavelengths = Array.from(
    { length: size / 2 },
    (_, i) => 2 * Math.PI * theta ** ((2 * i) / size),
  );
  const [first = NaN, last = NaN] = [wavelengths[0], wavelengths.at(-1)];
  const never = wavelengths.filter((length) => length > longest).length;
  const title = 'Fast pairs tell neighbours apart, slow ones far places';
  const summary =
    `${title}: pair 0 turns once in ${count(first)} tokens, pair ${size / 2 - 1} in ${count(last)}. ` +
    `${never} of ${size / 2} pairs never turn once in a text of ${count(longest)} tokens.`;
  const decades = Math.ceil(Math.log10(Math.max(last, longest)));
  const place = (distance: number) =>
    BOX.left + ((BOX.right - BOX.left) * Math.log10(Math.max(distance, 1))) / decades;
  const row = ROWS / wavelengths.length;
  const bars = wavelengths.map((length, i) => {
    const [from, to] = [place(LEAST_TURN * length), place(length)];
    const top = BOX.top + i * row;
    const bar = { x: from, y: top + 1, width: to - from, height: row - 2 };
    const isNamed = i % 4 === 0 || i === wavelengths.length - 1;
    const name = textLines([`pair ${i}`], BOX.left - 8, top + row / 2 + 4, {
      'text-anchor': 'end',
    });
    return element('rect', { ...bar, fill: styleOf(0).color }) + (isNamed ? name : '');
  });
  const bottom = BOX.top + ROWS;
  return titledPicture(
    { title, summary },
    bottom + 62,
    drawAxis(decades, place, bottom),
    ...bars,
    drawLongest(longest, place(longest), bottom),
  );
}

function drawAxis(decades: number, place: (distance: number) => number, bottom: number): string {
  const ticks = Array.from({ length: decades + 1 }, (_, i) => {
    const x = place(10 ** i);
    const line = { x1: x, y1: BOX.top, x2: x, y2: bottom, stroke: GRID_COLOR };
    return element('line', line) + textLines([count(10 ** i)], x, bottom + 20, CENTRED);
  });
  const title = 'distance in tokens; a bar goes from 1/16 of a turn to a whole one';
  return ticks.join('') + textLines([title], (BOX.left + BOX.right) / 2, bottom + 46, CENTRED);
}

function drawLongest(longest: number, x: number, bottom: number): string {
  const line = { x1: x, y1: BOX.top - 6, x2: x, y2: bottom, 'stroke-width': 2 };
  const dashed = { stroke: styleOf(1).color, 'stroke-dasharray': '6 4' };
  const name = textLines([`longest text, ${count(longest)}`], x + 6, BOX.top + 8, {
    fill: TEXT_COLOR,
  });
  return element('line', { ...line, ...dashed }) + name;
}

function count(distance: number): string {
  const digits = distance < 100 ? 1 : 0;
  return distance.toLocaleString('en-US', { maximumFractionDigits: digits });
}
