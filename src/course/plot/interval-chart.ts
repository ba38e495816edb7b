import type { Data } from 'plotly.js-dist';
import { escapeMarkup } from '../card';
import { type Figure, inPageColor, plotlyLines } from './figure';
import { rowChart, type RowChartOptions } from './row-chart';
import type { Scale } from './scale';
import { element } from './svg';
import { LINE_WIDTH, MARKER_SIZE, styleOf, SYMBOLS } from './theme';

/** A measured value and the ends of its interval. */
export interface MeasuredPoint {
  /** Name of the row: what was measured. */
  name: string;
  value: number;
  low: number;
  high: number;
}

export type IntervalChartOptions = RowChartOptions<MeasuredPoint>;

/** Half the height of an interval's cap, in px. */
const CAP = 6;

/**
 * Draws measured values with their intervals, one per row.
 * @throws ArgumentError listing every fault: those of every chart of rows, and a value outside its
 *   interval
 */
export function intervalChart(options: IntervalChartOptions): Figure {
  return rowChart(options, {
    chart: 'intervalChart',
    valuesOf: ({ value, low, high }) => [value, low, high],
    faultsOf: ({ name, value, low, high }) =>
      low <= value && value <= high
        ? []
        : [`point "${name}" must lie within its interval, got ${value} and ${low} to ${high}.`],
    draw: drawPoint,
    traces,
  });
}

function drawPoint(
  { value, low, high }: MeasuredPoint,
  place: (value: number) => number,
  y: number,
): string {
  const { color, symbol } = styleOf(0);
  const [left, right] = [place(low), place(high)];
  const d = `M${left},${y}H${right}M${left},${y - CAP}V${y + CAP}M${right},${y - CAP}V${y + CAP}`;
  const at = `translate(${place(value).toFixed(1)},${y})`;
  return (
    element('path', { d, fill: 'none', stroke: color, 'stroke-width': LINE_WIDTH }) +
    element('path', { d: SYMBOLS[symbol], fill: color, transform: at })
  );
}

function traces(points: readonly MeasuredPoint[], scale: Scale): Data[] {
  const { color, symbol } = styleOf(0);
  const words = points.map(({ name, value, low, high }) =>
    plotlyLines([name, `${scale.format(value)} (${scale.format(low)} to ${scale.format(high)})`]),
  );
  return [
    {
      type: 'scatter',
      mode: 'text+markers',
      x: points.map(({ value }) => value),
      y: points.map((_, i) => i),
      text: points.map(({ value }) => inPageColor(escapeMarkup(scale.format(value)))),
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
    },
  ];
}
