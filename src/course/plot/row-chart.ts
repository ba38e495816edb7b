import type { Data, Layout } from 'plotly.js-dist';
import { assertOptions, type OptionKeys } from '../../tensor/errors';
import { categoryAxis } from './bar-chart';
import { checkAxis, checkValues, checkWords, throwFaults } from './check';
import { type Figure, makeFigure, plotlyAxis } from './figure';
import {
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
import { type Axis, pointScale, type Scale } from './scale';
import { textLines, wrapText } from './svg';
import { FONT_SIZE, LINE_HEIGHT } from './theme';

export interface RowChartOptions<Point> extends ChartWords {
  /** The axis of the values; its format also writes the number at each row's end. */
  value: Axis;
  /** One per row, from the top down. */
  points: Point[];
}

/** How a chart draws its rows, and what is written at the end of a row. */
export interface RowKind<Point> {
  /** its name, in errors */
  chart: string;
  /** all values that a row shows, the one written at its end first */
  valuesOf: (point: Point) => number[];
  /** faults of a row whose values are drawable */
  faultsOf?: (point: Point) => string[];
  /** draws a row; `place` gives the pixel of a value, `y` the middle of the row */
  draw: (point: Point, place: (value: number) => number, y: number) => string;
  traces: (points: readonly Point[], scale: Scale) => Data[];
}

const OPTIONS: OptionKeys<RowChartOptions<unknown>> = {
  ...CHART_WORDS,
  value: 'required',
  points: 'required',
};

/** Names are broken into lines at this width. */
const NAME_WIDTH = 240;
const ROW_GAP = 18;

/**
 * Draws measured values, one row each, as a MIME bundle to display. The axis need not start at zero:
 * readers compare positions, not lengths.
 * @throws ArgumentError listing every fault: no points, values not finite, missing words
 */
export function rowChart<Point extends { name: string }>(
  options: RowChartOptions<Point>,
  kind: RowKind<Point>,
): Figure {
  assertOptions(kind.chart, options, OPTIONS);
  throwFaults(kind.chart, findFaults(options, kind));
  const { points, value } = options;
  const scale = pointScale(value, points.flatMap(kind.valuesOf));
  const rows = points.map(({ name }) => wrapText(name, NAME_WIDTH));
  const rowHeight = Math.max(...rows.map((lines) => lines.length)) * LINE_HEIGHT + ROW_GAP;
  const header = drawHeader({ ...options, series: [{ name: '' }] }, () => '');
  const numbers = points.map((point) => scale.format(kind.valuesOf(point)[0] ?? NaN));
  const { box, middles } = placeRows(rows, numbers, header.bottom, rowHeight);
  const height = box.bottom + xAxisRoom(scale);
  const drawn = points.map((point, i) => {
    const y = middles[i] ?? NaN;
    const number = textLines([numbers[i] ?? ''], box.right + 6, y + FONT_SIZE / 3);
    const place = (one: number) => placeX(box, scale, one);
    return rowLabel(box, rows[i] ?? [], y) + kind.draw(point, place, y) + number;
  });
  const axes: Partial<Layout> = { xaxis: plotlyAxis(scale), yaxis: categoryAxis(rows) };
  return makeFigure(options.summary, {
    data: kind.traces(points, scale),
    titleLines: header.titleLines,
    box,
    height,
    axes: { ...axes, showlegend: false },
    svg: drawDocument(options, height, header.svg, drawXAxis(box, scale), ...drawn),
  });
}

function findFaults<Point extends { name: string }>(
  { title, summary, value, points }: RowChartOptions<Point>,
  { valuesOf, faultsOf }: RowKind<Point>,
): string[] {
  const none = 'points must be at least one, got none. Measure something.';
  return [
    ...checkWords({ title, summary, 'value title': value.title }),
    ...(points.length > 0 ? [] : [none]),
    ...checkAxis('value', value),
    ...points.flatMap((point) => {
      const faults = checkValues(`point "${point.name}"`, valuesOf(point), value.scale === 'log');
      return faults.length > 0 ? faults : (faultsOf?.(point) ?? []);
    }),
  ];
}
