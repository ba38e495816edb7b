import type { Wing } from '../../src/cli/testing';

const WIDTH = 900;
const MARGIN = 12;
const PADDING = 16;
const GAP = 10;
const LINE = 22;
const CHIP = 28;
/** x of everything but the name of a wing */
const LEFT = 140;
/** width of a character at 14 px, rounded up since fonts differ */
const CHARACTER = { text: 7.4, code: 8.6 };

const STYLE = `
    text { font: 14px system-ui, sans-serif; fill: #1f2328; }
    .wing { font-weight: 700; font-size: 18px; }
    .room { font-family: ui-monospace, monospace; }
    .imports { font-size: 13px; fill: #59636e; }
    .band { fill: #f6f8fa; stroke: #d1d9e0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .imports { fill: #9198a1; }
      .band { fill: #151b23; stroke: #3d444d; }
    }`;

/**
 * Draws the wings as SVG, the highest on top: what each holds, its rooms, its imports. Each wing
 * has a colour, which marks it where other wings import it.
 */
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
    `  <style>${STYLE}${coloursOf(Object.keys(wings))}\n  </style>`,
    ...bands,
    '</svg>\n',
  ].join('\n');
}

/** Style rules: one hue per wing, for its name and mark (`ink`) and its rooms (`chip`). */
function coloursOf(names: string[]): string {
  const rules = (ink: string, fill: string, edge: string) =>
    names.map((name, i) => {
      const hue = Math.round((215 + (360 * i) / names.length) % 360);
      return (
        `.ink-${name} { fill: hsl(${hue}, ${ink}); } ` +
        `.chip-${name} { fill: hsl(${hue}, ${fill}); stroke: hsl(${hue}, ${edge}); }`
      );
    });
  const light = rules('65%, 34%', '75%, 95%', '50%, 72%').map((rule) => `\n    ${rule}`);
  const dark = rules('75%, 76%', '35%, 17%', '40%, 40%').map((rule) => `\n      ${rule}`);
  return `${light.join('')}\n    @media (prefers-color-scheme: dark) {${dark.join('')}\n    }`;
}

function drawWing(
  name: string,
  { holds, imports, rooms }: Wing,
  top: number,
): { svg: string; height: number } {
  let y = top + PADDING + 10;
  const holdsLines = wrap(holds, (WIDTH - LEFT - MARGIN - PADDING) / CHARACTER.text);
  const parts = holdsLines.map((line, i) => text(LEFT, y + i * LINE, 'holds', line));
  y += holdsLines.length * LINE;
  const chips = placeChips(Object.keys(rooms));
  parts.push(...chips.map((chip) => drawChip(chip, `chip-${name}`, y - 8)));
  y += ((chips.at(-1)?.row ?? -1) + 1) * (CHIP + 6) + 8;
  parts.push(drawImports(imports, y));
  const height = y + PADDING - 2 - top;
  const band = `  <rect class="band" x="${MARGIN}" y="${top}" width="${WIDTH - 2 * MARGIN}" height="${height}" rx="8"/>`;
  const mark = `  <rect class="ink-${name}" x="${MARGIN}" y="${top + 8}" width="5" height="${height - 16}" rx="2.5"/>`;
  const title = text(MARGIN + PADDING, top + PADDING + 10, `wing ink-${name}`, name);
  return { svg: [band, mark, title, ...parts].join('\n'), height };
}

/** One line: each imported wing or room behind a dot in the colour of its wing. */
function drawImports(imports: string[], y: number): string {
  if (imports.length === 0) return text(LEFT, y, 'imports', 'imports no other wing');
  let x = LEFT + 62;
  const names = imports.map((name) => {
    const dot = `  <circle class="ink-${name.split('/')[0]}" cx="${x}" cy="${y - 4}" r="4"/>`;
    const label = text(x + 9, y, 'imports', name);
    x += Math.ceil(name.length * CHARACTER.text) + 26;
    return `${dot}\n${label}`;
  });
  return [text(LEFT, y, 'imports', 'imports'), ...names].join('\n');
}

interface Chip {
  name: string;
  x: number;
  row: number;
  width: number;
}

/** Places chips one after another, in a new row when the band is full. */
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

function drawChip({ name, x, row, width }: Chip, colour: string, top: number): string {
  const y = top + row * (CHIP + 6);
  const box = `  <rect class="${colour}" x="${x}" y="${y}" width="${width}" height="${CHIP}" rx="6"/>`;
  return `${box}\n${text(x + 10, y + 19, 'room', name)}`;
}

function text(x: number, y: number, kind: string, content: string): string {
  return `  <text class="${kind}" x="${x}" y="${y}">${escape(content)}</text>`;
}

/** Breaks a text between words into lines of at most `width` characters. */
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
