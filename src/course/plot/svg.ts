import { escapeMarkup } from '../card';
import { FONT_SIZE, LINE_HEIGHT, TEXT_COLOR, TITLE_LINE, TITLE_SIZE } from './theme';

type Attributes = Record<string, string | number>;

/** Writes `<name attributes>children</name>`; children are markup, numbers keep two decimals. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${write(value)}"`);
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

function write(value: string | number): string {
  if (typeof value === 'string') return escapeMarkup(value);
  if (!Number.isFinite(value)) throw new RangeError(`element: number must be finite, got ${value}`);
  return String(Number(value.toFixed(2)));
}

/** Draws lines of text, the first one's baseline at (x, y). */
export function textLines(
  lines: string[],
  x: number,
  y: number,
  attributes: Attributes = {},
): string {
  const height = attributes['font-size'] === TITLE_SIZE ? TITLE_LINE : LINE_HEIGHT;
  const draw = (line: string, i: number): string =>
    element('text', { x, y: y + i * height, fill: TEXT_COLOR, ...attributes }, escapeMarkup(line));
  return lines.map(draw).join('');
}

/** Estimates the width of a text in px, in DejaVu Sans, one of the wider fonts in use. */
export function textWidth(text: string, fontSize = FONT_SIZE): number {
  return [...text].reduce((sum, letter) => sum + letterWidth(letter), 0) * fontSize;
}

function letterWidth(letter: string): number {
  if (/[ijlI.,:;|' ]/.test(letter)) return 0.34;
  if (/[frt()[\]/!-]/.test(letter)) return 0.41;
  if (/[mwMW@%—]/.test(letter)) return 1;
  if (/[A-Z+=<>~&]/.test(letter)) return 0.78;
  // East Asian letters and pictures fill a square.
  return letter > '\u2E80' ? 1.1 : 0.64;
}

/** Breaks text at spaces, and inside a word only if the word alone is too wide. */
export function wrapText(text: string, width: number, fontSize = FONT_SIZE): string[] {
  const fits = (line: string): boolean => textWidth(line, fontSize) <= width;
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.pop();
    if (last === undefined) lines.push(...breakWord(word, fits));
    else if (fits(`${last} ${word}`)) lines.push(`${last} ${word}`);
    else lines.push(last, ...breakWord(word, fits));
  }
  return lines;
}

function breakWord(word: string, fits: (line: string) => boolean): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const letter of word) {
    if (piece !== '' && !fits(piece + letter)) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...pieces, piece];
}
