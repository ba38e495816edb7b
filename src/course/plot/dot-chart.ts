import type { Data } from 'plotly.js-dist';
import { escapeMarkup } from '../card';
import { mean } from '../measure';
import { type Figure, inPageColor, plotlyLines } from './figure';
import { rowChart, type RowChartOptions } from './row-chart';
import type { Scale } from './scale';
import { element } from './svg';
import { LINE_WIDTH, MARKER_SIZE, styleOf, SYMBOLS, TEXT_COLOR } from './theme';

/** Values of repeated measurements, such as one for each seed. */
export interface RepeatedPoint {
  /** Name of the row: what was measured. */
  name: string;
  /** at least one */
  values: number[];
}

export type DotChartOptions = RowChartOptions<RepeatedPoint>;

/** Half the height of the line at the mean, in px. */
const MEAN_LINE = 10;
/** Dots may cover each other: their edges stay visible. */
const OPACITY = 0.5;
const EDGE_WIDTH = 1.5;

/**
 * Draws a dot for each measurement and a line at their mean, which is also written at the row's end:
 * for so few measurements that a standard deviation would hide them.
 * @throws ArgumentError listing every fault: those of every chart of rows, and a row without values
 */
export function dotChart(options: DotChartOptions): Figure {
  return rowChart(options, {
    chart: 'dotChart',
    valuesOf: ({ values }) => (values.length > 0 ? [mean(values), ...values] : []),
    faultsOf: ({ name, values }) =>
      values.length > 0
        ? []
        : [`point "${name}" must have at least one value, got none. Leave it out.`],
    draw: drawDots,
    traces,
  });
}

function drawDots({ values }: RepeatedPoint, place: (value: number) => number, y: number): string {
  const { color, symbol } = styleOf(0);
  const middle = place(mean(values));
  const line = { d: `M${middle},${y - MEAN_LINE}V${y + MEAN_LINE}`, stroke: TEXT_COLOR };
  const dots = values.map((value) => {
    const transform = `translate(${place(value).toFixed(1)},${y})`;
    const edge = { stroke: color, 'stroke-width': EDGE_WIDTH };
    const fill = { fill: color, 'fill-opacity': OPACITY };
    return element('path', { d: SYMBOLS[symbol], ...fill, ...edge, transform });
  });
  return element('path', { ...line, 'stroke-width': LINE_WIDTH }) + dots.join('');
}

function traces(points: readonly RepeatedPoint[], scale: Scale): Data[] {
  const { color, symbol } = styleOf(0);
  const dots = points.flatMap(({ name, values }, i) => values.map((value) => ({ name, value, i })));
  const means = points.map(({ values }) => mean(values));
  const words = means.map((value) => scale.format(value));
  const shared = {
    type: 'scatter',
    cliponaxis: false,
    hovertemplate: '%{hovertext}<extra></extra>',
  };
  return [
    {
      ...shared,
      mode: 'text+markers',
      x: means,
      y: points.map((_, i) => i),
      text: words.map((word) => inPageColor(escapeMarkup(word))),
      textposition: 'top center',
      marker: {
        symbol: 'line-ns-open',
        size: 2 * MEAN_LINE,
        color: TEXT_COLOR,
        line: { width: LINE_WIDTH },
      },
      hovertext: points.map(({ name }, i) => plotlyLines([name, `mean ${words[i] ?? ''}`])),
    },
    {
      ...shared,
      mode: 'markers',
      x: dots.map(({ value }) => value),
      y: dots.map(({ i }) => i),
      marker: {
        color: translucent(color),
        symbol,
        size: MARKER_SIZE,
        line: { color, width: EDGE_WIDTH },
      },
      hovertext: dots.map(({ name, value }) => plotlyLines([name, scale.format(value)])),
    },
  ] as Data[];
}

/** `#rrggbb` as `rgba(r,g,b,opacity)`. */
function translucent(color: string): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `rgba(${parts.join(',')},${OPACITY})`;
}
