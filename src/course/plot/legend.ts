import { element, textLines, textWidth, wrapText } from './svg';
import { EDGE, FONT_SIZE, LINE_HEIGHT, type SeriesStyle, styleOf, WIDTH } from './theme';

const KEY_WIDTH = 36;
const GAP = 20;

/**
 * Draws keys and names in one row, or in several if they do not fit.
 * `drawKey` draws a series' key, 28 px wide, with its middle left at (0, 0).
 */
export function drawLegend(
  series: { name: string }[],
  top: number,
  drawKey: (style: SeriesStyle) => string,
): { svg: string; bottom: number } {
  let svg = '';
  let [x, y, rowBottom] = [EDGE, top, top];
  for (const [i, { name }] of series.entries()) {
    const lines = wrapText(name, WIDTH - 2 * EDGE - KEY_WIDTH);
    const width = KEY_WIDTH + Math.max(...lines.map((line) => textWidth(line)));
    if (x > EDGE && x + width > WIDTH - EDGE) [x, y] = [EDGE, rowBottom];
    const middle = y + LINE_HEIGHT / 2;
    svg += element('g', { transform: `translate(${x.toFixed(1)},${middle})` }, drawKey(styleOf(i)));
    svg += textLines(lines, x + KEY_WIDTH, middle + FONT_SIZE / 3);
    x += width + GAP;
    rowBottom = Math.max(rowBottom, y + lines.length * LINE_HEIGHT);
  }
  return { svg, bottom: rowBottom };
}
