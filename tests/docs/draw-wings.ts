import type { Wing } from '../../src/cli';

const WIDTH = 900;
const MARGIN = 12;
const PADDING = 18;
const GAP = 10;
const LINE = 22;
const CHIP = 28;
/** where everything but a wing's name begins */
const LEFT = 140;
/** Widths of a character at 14 px; rounded up, since fonts differ. */
const CHARACTER = { text: 7.4, code: 8.6 };

const STYLE = `
    text { font: 14px system-ui, sans-serif; fill: #1f2328; }
    .wing { font-weight: 600; font-size: 18px; }
    .room { font-family: ui-monospace, monospace; }
    .imports { fill: #59636e; }
    .band { fill: #f6f8fa; stroke: #d1d9e0; }
    .chip { fill: #ddf4ff; stroke: #54aeff; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .imports { fill: #9198a1; }
      .band { fill: #151b23; stroke: #3d444d; }
      .chip { fill: #0c2d6b; stroke: #1f6feb; }
    }`;

/** A picture of the wings as SVG, the highest on top: what each holds, its rooms, its imports. */
export function drawWings(wings: Record<string, Wing>): string {
  const names = Object.keys(wings).reverse();
  let top = MARGIN;
  const bands = names.map((name) => {
    const { svg, height } = drawWing(name, wings[name] as Wing, top);
    top += height + GAP;
    return svg;
  });
  const height = top - GAP + MARGIN;
  const inWords = names.map((name) => `${name}: ${(wings[name] as Wing).holds}`).join('. ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    '  <title id="title">The wings of src, from the highest to the lowest</title>',
    `  <desc id="desc">${escape(inWords)}</desc>`,
    `  <style>${STYLE}\n  </style>`,
    ...bands,
    '</svg>\n',
  ].join('\n');
}

function drawWing(
  name: string,
  { holds, imports, rooms }: Wing,
  top: number,
): { svg: string; height: number } {
  let y = top + PADDING + 8;
  const holdsLines = wrap(holds, (WIDTH - LEFT - MARGIN - PADDING) / CHARACTER.text);
  const texts = holdsLines.map((line, i) => text(LEFT, y + i * LINE, 'holds', line));
  y += holdsLines.length * LINE;
  const chips = placeChips(Object.keys(rooms));
  texts.push(...chips.map((chip) => drawChip(chip, y - 8)));
  y += ((chips.at(-1)?.row ?? -1) + 1) * (CHIP + 6);
  const below = imports.length > 0 ? `imports ${imports.join(', ')}` : 'imports no other wing';
  texts.push(text(LEFT, y + 8, 'imports', below));
  const height = y + 8 + PADDING - 6 - top;
  const band = `  <rect class="band" x="${MARGIN}" y="${top}" width="${WIDTH - 2 * MARGIN}" height="${height}" rx="8"/>`;
  const title = text(MARGIN + PADDING, top + PADDING + 8, 'wing', name);
  return { svg: [band, title, ...texts].join('\n'), height };
}

interface Chip {
  name: string;
  x: number;
  row: number;
  width: number;
}

/** One after another, and in a new row where the band ends. */
function placeChips(names: string[]): Chip[] {
  let [x, row] = [LEFT, 0];
  return names.map((name) => {
    const width = Math.ceil(name.length * CHARACTER.code) + 20;
    if (x + width > WIDTH - MARGIN - PADDING) [x, row] = [LEFT, row + 1];
    const chip = { name, x, row, width };
    x += width + 8;
    return chip;
  });
}

function drawChip({ name, x, row, width }: Chip, top: number): string {
  const y = top + row * (CHIP + 6);
  const box = `  <rect class="chip" x="${x}" y="${y}" width="${width}" height="${CHIP}" rx="6"/>`;
  return `${box}\n${text(x + 10, y + 19, 'room', name)}`;
}

function text(x: number, y: number, kind: string, content: string): string {
  return `  <text class="${kind}" x="${x}" y="${y}">${escape(content)}</text>`;
}

/** Lines of at most so many characters, broken between words. */
function wrap(content: string, width: number): string[] {
  return content.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    return last === undefined || longer.length <= width
      ? [...lines.slice(0, -1), longer]
      : [...lines, word];
  }, []);
}

function escape(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
