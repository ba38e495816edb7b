import type { OptionKeys } from '../../tensor/errors';
import { escapeMarkup } from '../card';
import { drawLegend } from './legend';
import type { Scale } from './scale';
import { element, textLines, textWidth, wrapText } from './svg';
import {
  EDGE,
  FONT_FAMILY,
  FONT_SIZE,
  GRID_COLOR,
  LINE_HEIGHT,
  type SeriesStyle,
  TITLE_LINE,
  TITLE_SIZE,
  WIDTH,
} from './theme';

/** What every chart says in words. */
export interface ChartWords {
  /** The finding, as a sentence. */
  title: string;
  /** One sentence with the numbers, for those who do not see the picture. */
  summary: string;
}

export const CHART_WORDS: OptionKeys<ChartWords> = { title: 'required', summary: 'required' };

/** The plot's rectangle within the figure, in px from the figure's upper left corner. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Distance between the plot and its tick labels. */
const GAP = 8;
/** Width of bold letters relative to regular ones. */
const BOLD = 1.1;

/** Draws the title and, for more than one series, the legend above the plot. */
export function drawHeader(
  { title, series }: { title: string; series: { name: string }[] },
  drawKey: (style: SeriesStyle) => string,
): { titleLines: string[]; svg: string; bottom: number } {
  const titleLines = wrapText(title, (WIDTH - 2 * EDGE) / BOLD, TITLE_SIZE);
  const font = { 'font-size': TITLE_SIZE, 'font-weight': 'bold' };
  const svg = textLines(titleLines, EDGE, EDGE + TITLE_SIZE, font);
  const bottom = EDGE + titleLines.length * TITLE_LINE + EDGE;
  if (series.length === 1) return { titleLines, svg, bottom };
  const legend = drawLegend(series, bottom, drawKey);
  return { titleLines, svg: svg + legend.svg, bottom: legend.bottom + EDGE };
}

/** Width that the tick labels of an axis need, `GAP` px from the plot. */
function labelRoom(labels: string[]): number {
  return GAP + Math.max(...labels.map((label) => textWidth(label)));
}

/**
 * Lays out a chart of rows: the plot with room for names on its left and for numbers at its right
 * end, and the middle of each row.
 */
export function placeRows(
  rows: string[][],
  numbers: string[],
  top: number,
  rowHeight: number,
): { box: Box; middles: number[] } {
  const box = {
    left: EDGE + labelRoom(rows.flat()),
    right: WIDTH - EDGE - labelRoom(numbers),
    top,
    bottom: top + rows.length * rowHeight,
  };
  return { box, middles: rows.map((_, i) => top + (i + 0.5) * rowHeight) };
}

/** Draws grid lines, tick labels and title of the axis below the plot. */
export function drawXAxis(box: Box, scale: Scale): string {
  const centred = { 'text-anchor': 'middle' };
  const baseline = box.bottom + GAP + FONT_SIZE;
  const ticks = scale.ticks.map((tick, i) => {
    const x = placeX(box, scale, tick);
    return (
      gridLine(x, box.top, x, box.bottom) + textLines([scale.labels[i] ?? ''], x, baseline, centred)
    );
  });
  const middle = (box.left + box.right) / 2;
  const title = textLines(scale.titleLines, middle, baseline + LINE_HEIGHT + GAP, centred);
  return ticks.join('') + title;
}

/** Height of the axis below the plot, down to the figure's edge. */
export function xAxisRoom({ titleLines }: Scale): number {
  return GAP + LINE_HEIGHT + GAP + titleLines.length * LINE_HEIGHT + EDGE;
}

/** Width of the axis left of the plot, from the figure's edge. */
export function yAxisRoom({ titleLines, labels }: Scale): number {
  return EDGE + titleLines.length * LINE_HEIGHT + GAP + labelRoom(labels);
}

/** Draws grid lines, tick labels and the rotated title of the axis left of the plot. */
export function drawYAxis(box: Box, scale: Scale): string {
  const ticks = scale.ticks.map((tick, i) => {
    const y = placeY(box, scale, tick);
    return gridLine(box.left, y, box.right, y) + rowLabel(box, [scale.labels[i] ?? ''], y);
  });
  const turned = { 'text-anchor': 'middle', transform: 'rotate(-90)' };
  const middle = (box.top + box.bottom) / 2;
  // In the rotated coordinates x runs up the page, y to the right.
  return ticks.join('') + textLines(scale.titleLines, -middle, EDGE + FONT_SIZE, turned);
}

/** Draws a label left of the plot, its lines centred on y. */
export function rowLabel(box: Box, lines: string[], y: number): string {
  const baseline = y + FONT_SIZE / 3 - ((lines.length - 1) * LINE_HEIGHT) / 2;
  return textLines(lines, box.left - GAP, baseline, { 'text-anchor': 'end' });
}

/** Pixel of a value on the x axis, growing to the right. */
export function placeX(box: Box, scale: Scale, value: number): number {
  return box.left + scale.place(value) * (box.right - box.left);
}

/** Pixel of a value on the y axis, growing upwards. */
export function placeY(box: Box, scale: Scale, value: number): number {
  return box.bottom - scale.place(value) * (box.bottom - box.top);
}

function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return element('line', { x1, y1, x2, y2, stroke: GRID_COLOR });
}

/** Draws the whole SVG document; a screen reader reads its title and summary. */
export function drawDocument(
  { title, summary }: ChartWords,
  height: number,
  ...body: string[]
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    role: 'img',
    viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}`,
    width: WIDTH,
    height: Math.ceil(height),
    'font-family': FONT_FAMILY,
    'font-size': FONT_SIZE,
  };
  const described = [
    element('title', {}, escapeMarkup(title)),
    element('desc', {}, escapeMarkup(summary)),
  ];
  return element('svg', attributes, ...described, ...body);
}
