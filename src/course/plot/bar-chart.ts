import type { Data, Layout } from 'plotly.js-dist';
import { assertOptions, type OptionKeys } from '../../tensor/errors';
import { escapeMarkup } from '../card';
import { checkAxis, checkCount, checkValues, checkWords, throwFaults } from './check';
import { type Figure, inPageColor, makeFigure, plotlyAxis, plotlyLines } from './figure';
import {
  type Box,
  CHART_WORDS,
  type ChartWords,
  drawDocument,
  drawHeader,
  drawXAxis,
  placeRows,
  placeX,
  rowLabel,
  xAxisRoom,
} from './frame';
import { type Axis, barScale, type Scale } from './scale';
import { element, textLines, wrapText } from './svg';
import { FONT_SIZE, HATCHES, LINE_HEIGHT, type SeriesStyle, styleOf, STYLES } from './theme';

/** One bar for each category, in their order. */
export interface BarSeries {
  name: string;
  values: number[];
}

export interface BarChartOptions extends ChartWords {
  /** Names of the rows, from the top down. */
  categories: string[];
  /** The axis along the bars; its format also writes the number at each bar's end. */
  value: Axis;
  /** One to five series; several are drawn in groups. Colour and hatching follow from the order. */
  series: BarSeries[];
}

const OPTIONS: OptionKeys<BarChartOptions> = {
  ...CHART_WORDS,
  categories: 'required',
  value: 'required',
  series: 'required',
};

/** Categories are broken into lines at this width. */
const CATEGORY_WIDTH = 240;
const BAR = 22;
const ROW_GAP = 16;

/**
 * Draws horizontal bars with their values as a MIME bundle to display. On a log axis the
 * bars start at a power of ten, not at zero: their lengths compare sizes by ratio.
 * @throws ArgumentError listing every fault: no categories, no or too many series, not one value
 *   per category, values not finite, negative, or 0 on a log axis, missing words
 */
export function barChart(options: BarChartOptions): Figure {
  assertOptions('barChart', options, OPTIONS);
  throwFaults('barChart', findFaults(options));
  const { series } = options;
  const values = series.flatMap((bars) => bars.values);
  const scale = barScale(options.value, values);
  const rows = options.categories.map((name) => wrapText(name, CATEGORY_WIDTH));
  const rowHeight = measureRow(rows, series.length);
  const header = drawHeader(options, drawKey);
  const numbers = values.map(scale.format);
  const { box, middles } = placeRows(rows, numbers, header.bottom, rowHeight);
  const height = box.bottom + xAxisRoom(scale);
  const hatches = drawHatches(series.length);
  const drawn = rows.map((name, i) => {
    const middle = middles[i] ?? NaN;
    const group = series.map((bars) => bars.values[i] ?? NaN);
    return rowLabel(box, name, middle) + drawGroup(box, scale, group, middle);
  });
  return makeFigure(options.summary, {
    data: series.map((bars, i) => trace(scale, options.categories, bars, styleOf(i))),
    titleLines: header.titleLines,
    box,
    height,
    axes: {
      barmode: 'group',
      bargap: 1 - (series.length * BAR) / rowHeight,
      xaxis: plotlyAxis(scale),
      yaxis: categoryAxis(rows),
    },
    svg: drawDocument(options, height, hatches, header.svg, drawXAxis(box, scale), ...drawn),
  });
}

function measureRow(rows: string[][], seriesCount: number): number {
  const mostLines = Math.max(...rows.map((lines) => lines.length));
  return Math.max(seriesCount * BAR, mostLines * LINE_HEIGHT) + ROW_GAP;
}

/** Places categories by index, the first on top: a name like "4" or "2026-01" stays a name. */
export function categoryAxis(rows: string[][]): Partial<Layout['yaxis']> {
  return {
    tickmode: 'array',
    tickvals: rows.map((_, i) => i),
    ticktext: rows.map((lines) => inPageColor(plotlyLines(lines))),
    range: [rows.length - 0.5, -0.5],
    ticklabelstandoff: 8,
    automargin: true,
    showgrid: false,
    zeroline: false,
  };
}

function findFaults({ title, summary, categories, value, series }: BarChartOptions): string[] {
  const none = 'categories must be at least one name, got none. Name the bars.';
  return [
    ...checkWords({ title, summary, 'value title': value.title }),
    ...(categories.length > 0 ? [] : [none]),
    ...checkAxis('value', value),
    ...checkCount(series),
    ...series.flatMap((bars) => checkBars(bars, categories.length, value)),
  ];
}

function checkBars({ name, values }: BarSeries, count: number, axis: Axis): string[] {
  const what = `series "${name}"`;
  const faults = checkValues(what, values, axis.scale === 'log');
  const negative = values.find((value) => value < 0);
  if (axis.scale !== 'log' && negative !== undefined) {
    faults.push(`${what} must be zero or more, got ${negative}. Use lineChart for such values.`);
  }
  if (values.length !== count) {
    faults.push(
      `${what} must be ${count} values, one for each category, got ${values.length}. Fill them up.`,
    );
  }
  return faults;
}

function drawGroup(box: Box, scale: Scale, group: number[], middle: number): string {
  const bars = group.map((value, i) => {
    const y = middle + (i - group.length / 2) * BAR + 1;
    const [width, height] = [placeX(box, scale, value) - box.left, BAR - 3];
    const baseline = y + height / 2 + FONT_SIZE / 3;
    return (
      element('rect', { x: box.left, y, width, height, ...fill(styleOf(i)) }) +
      textLines([scale.format(value)], box.left + width + 6, baseline)
    );
  });
  return bars.join('');
}

function drawKey(style: SeriesStyle): string {
  return element('rect', { x: 0, y: -7, width: 28, height: 14, ...fill(style) });
}

/** Fill and outline of a bar; hatched bars keep their outline. */
function fill({ color, hatch }: SeriesStyle): Record<string, string> {
  return { fill: hatch === '' ? color : `url(#${hatchId(color)})`, stroke: color };
}

/** Id of a hatch; on a page of several drawings, equal ids are equal hatches. */
function hatchId(color: string): string {
  return `hatch-${color.slice(1)}`;
}

function drawHatches(count: number): string {
  const tile = { width: 8, height: 8, patternUnits: 'userSpaceOnUse' };
  const patterns = STYLES.slice(0, count).map(({ color, hatch }) => {
    const lines = { d: HATCHES[hatch], fill: 'none', stroke: color, 'stroke-width': 2 };
    return element('pattern', { id: hatchId(color), ...tile }, element('path', lines));
  });
  return element('defs', {}, ...patterns);
}

function trace(scale: Scale, categories: string[], bars: BarSeries, style: SeriesStyle): Data {
  const { color, hatch } = style;
  const labels = bars.values.map(scale.format);
  return {
    type: 'bar',
    orientation: 'h',
    name: inPageColor(escapeMarkup(bars.name)),
    x: [...bars.values],
    y: bars.values.map((_, i) => i),
    text: labels.map((label) => inPageColor(escapeMarkup(label))),
    textposition: 'outside',
    cliponaxis: false,
    marker: { color, line: { color, width: 1 }, pattern: { shape: hatch } },
    hovertext: labels.map((label, i) => plotlyLines([categories[i] ?? '', bars.name, label])),
    hovertemplate: '%{hovertext}<extra></extra>',
  };
}
