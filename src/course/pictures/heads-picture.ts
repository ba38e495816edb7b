import { ArgumentError } from '../../tensor/errors';
import { element, GRID_COLOR, styleOf, TEXT_COLOR, textLines } from '../plot';
import { CENTRED, type Picture, titledPicture } from './picture';

export interface HeadsPictureOptions {
  /** of queries */
  heads: number;
  /** of keys and values; a divisor of heads */
  kvHeads: number;
}

const PANEL = { left: 20, width: 320, gap: 40 };
const QUERIES = 84;
const KEYS = 164;
const BOX = 24;
const HEIGHT = 226;

/**
 * Draws which heads of keys and values the query heads look at: each its own beside groups that share.
 * @throws ArgumentError if kvHeads does not divide heads
 */
export function headsPicture({ heads, kvHeads }: HeadsPictureOptions): Picture {
  if (!Number.isInteger(heads / kvHeads)) {
    throw new ArgumentError(
      `headsPicture: kvHeads must be a divisor of ${heads} heads, got ${kvHeads}.`,
    );
  }
  const title = `${heads} query heads: each with its own keys and values, or ${kvHeads} shared`;
  const groups = Array.from({ length: kvHeads }, (_, g) => {
    const first = (g * heads) / kvHeads;
    return `${first} to ${first + heads / kvHeads - 1} share ${g}`;
  });
  const summary = `${title}. In groups, heads ${groups.join('; ')}.`;
  const right = PANEL.left + PANEL.width + PANEL.gap;
  return titledPicture(
    { title, summary },
    HEIGHT,
    drawPanel('GPT-2: one each', heads, heads, PANEL.left),
    drawPanel(`grouped: ${heads / kvHeads} share one`, heads, kvHeads, right),
  );
}

function drawPanel(name: string, heads: number, kvHeads: number, left: number): string {
  const place = (i: number, count: number) => left + ((i + 0.5) * PANEL.width) / count;
  const lines = Array.from({ length: heads }, (_, h) => {
    const kv = Math.floor((h * kvHeads) / heads);
    const ends = { x1: place(h, heads), y1: QUERIES + BOX, x2: place(kv, kvHeads), y2: KEYS };
    return element('line', { ...ends, stroke: TEXT_COLOR });
  });
  const boxes = (count: number, top: number, fill: string) =>
    Array.from({ length: count }, (_, i) => {
      const at = { x: place(i, count) - BOX / 2, y: top, width: BOX, height: BOX, rx: 4 };
      return (
        element('rect', { ...at, fill, stroke: TEXT_COLOR }) +
        textLines([String(i)], place(i, count), top + BOX / 2 + 5, CENTRED)
      );
    }).join('');
  const middle = left + PANEL.width / 2;
  return (
    textLines([name], middle, 56, { ...CENTRED, 'font-weight': 'bold' }) +
    textLines(['queries'], middle, QUERIES - 8, CENTRED) +
    lines.join('') +
    boxes(heads, QUERIES, GRID_COLOR) +
    boxes(kvHeads, KEYS, 'none') +
    element('g', { stroke: styleOf(1).color, 'stroke-width': 2, fill: 'none' }, ...outlines()) +
    textLines(['keys and values, kept in the cache'], middle, KEYS + BOX + 20, CENTRED)
  );

  /** The heads that the cache keeps stand out. */
  function outlines(): string[] {
    return Array.from({ length: kvHeads }, (_, i) =>
      element('rect', { x: place(i, kvHeads) - BOX / 2, y: KEYS, width: BOX, height: BOX, rx: 4 }),
    );
  }
}
