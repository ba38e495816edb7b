import type { Data, Layout } from 'plotly.js-dist';
import { escapeMarkup } from '../card';
import { categoryAxis } from './bar-chart';
import { checkAxis, checkValues, checkWords, throwFaults } from './check';
import { type Figure, makeFigure, plotlyAxis, plotlyLines } from './figure';
import {
  type Box,
  type ChartWords,
  drawDocument,
  drawHeader,
  drawXAxis,
  placeRows,
  placeX,
  rowLabel,
  xAxisRoom,
} from './frame';
import { type Axis, pointScale, type Scale } from './scale';
import { element, textLines, wrapText } from './svg';
import { FONT_SIZE, LINE_HEIGHT, LINE_WIDTH, MARKER_SIZE, styleOf, SYMBOLS } from './theme';

/** A measured value and the ends of its interval. */
export interface MeasuredPoint {
  /** Name of the row: what was measured. */
  name: string;
  value: number;
  low: number;
  high: number;
}

export interface IntervalChartOptions extends ChartWords {
  /** The axis of the values; its format also writes the number at each row's end. */
  value: Axis;
  /** One per row, from the top down. */
  points: MeasuredPoint[];
}

/** Names are broken into lines at this width. */
const NAME_WIDTH = 240;
const ROW_GAP = 18;
/** Half the height of an interval's cap, in px. */
const CAP = 6;

/**
 * Draws measured values with their intervals, one per row, as a MIME bundle to display. The axis
 * need not start at zero: readers compare positions, not lengths.
 * @throws ArgumentError listing every fault: no points, values not finite, a value outside its
 *   interval, missing words
 */
export function intervalChart(options: IntervalChartOptions): Figure {
  throwFaults('intervalChart', findFaults(options));
  const { points, value } = options;
  const scale = pointScale(
    value,
    points.flatMap(({ low, high }) => [low, high]),
  );
  const rows = points.map(({ name }) => wrapText(name, NAME_WIDTH));
  const rowHeight = Math.max(...rows.map((lines) => lines.length)) * LINE_HEIGHT + ROW_GAP;
  const header = drawHeader({ ...options, series: [{ name: '' }] }, () => '');
  const numbers = points.map((point) => scale.format(point.value));
  const { box, middles } = placeRows(rows, numbers, header.bottom, rowHeight);
  const height = box.bottom + xAxisRoom(scale);
  const drawn = points.map((point, i) => {
    const middle = middles[i] ?? NaN;
    return rowLabel(box, rows[i] ?? [], middle) + drawPoint(box, scale, point, middle);
  });
  const axes: Partial<Layout> = { xaxis: plotlyAxis(scale), yaxis: categoryAxis(rows) };
  return makeFigure(options.summary, {
    data: [trace(scale, points)],
    titleLines: header.titleLines,
    box,
    height,
    axes,
    svg: drawDocument(options, height, header.svg, drawXAxis(box, scale), ...drawn),
  });
}

function findFaults({ title, summary, value, points }: IntervalChartOptions): string[] {
  const none = 'points must be at least one, got none. Measure something.';
  return [
    ...checkWords({ title, summary, 'value title': value.title }),
    ...(points.length > 0 ? [] : [none]),
    ...checkAxis('value', value),
    ...points.flatMap(({ name, value: middle, low, high }) => {
      const what = `point "${name}"`;
      const faults = checkValues(what, [middle, low, high], value.scale === 'log');
      if (faults.length > 0 || (low <= middle && middle <= high)) return faults;
      return [`${what} must lie within its interval, got ${middle} and ${low} to ${high}.`];
    }),
  ];
}

function drawPoint(box: Box, scale: Scale, { value, low, high }: MeasuredPoint, y: number): string {
  const { color, symbol } = styleOf(0);
  const [left, right] = [low, high].map((end) => placeX(box, scale, end));
  const d = `M${left},${y}H${right}M${left},${y - CAP}V${y + CAP}M${right},${y - CAP}V${y + CAP}`;
  const at = `translate(${placeX(box, scale, value).toFixed(1)},${y})`;
  return (
    element('path', { d, fill: 'none', stroke: color, 'stroke-width': LINE_WIDTH }) +
    element('path', { d: SYMBOLS[symbol], fill: color, transform: at }) +
    textLines([scale.format(value)], box.right + 6, y + FONT_SIZE / 3)
  );
}

function trace(scale: Scale, points: readonly MeasuredPoint[]): Data {
  const { color, symbol } = styleOf(0);
  const words = points.map(({ name, value, low, high }) =>
    plotlyLines([name, `${scale.format(value)} (${scale.format(low)} to ${scale.format(high)})`]),
  );
  return {
    type: 'scatter',
    mode: 'text+markers',
    x: points.map(({ value }) => value),
    y: points.map((_, i) => i),
    text: points.map(({ value }) => escapeMarkup(scale.format(value))),
    textposition: 'top center',
    cliponaxis: false,
    marker: { color, symbol, size: MARKER_SIZE },
    error_x: {
      type: 'data',
      symmetric: false,
      array: points.map(({ value, high }) => high - value),
      arrayminus: points.map(({ value, low }) => value - low),
      color,
      thickness: LINE_WIDTH,
      width: CAP,
    },
    hovertext: words,
    hovertemplate: '%{hovertext}<extra></extra>',
  };
}
