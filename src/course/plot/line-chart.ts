import type { Data } from 'plotly.js-dist';
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
  drawYAxis,
  placeX,
  placeY,
  xAxisRoom,
  yAxisRoom,
} from './frame';
import { type Axis, pointScale, type Scale } from './scale';
import { element, textWidth } from './svg';
import {
  DASHES,
  EDGE,
  LINE_WIDTH,
  MARKER_SIZE,
  MAX_MARKERS,
  type SeriesStyle,
  styleOf,
  SYMBOLS,
  WIDTH,
} from './theme';

/** One line: points (x[i], y[i]), joined in this order. */
export interface LineSeries {
  name: string;
  x: number[];
  y: number[];
  /** the spread of each point: a whisker from y - spread to y + spread */
  spread?: number[];
}

export interface LineChartOptions extends ChartWords {
  x: Axis;
  y: Axis;
  /** One to five lines; colour, marker and dash follow from the order. */
  series: LineSeries[];
}

const OPTIONS: OptionKeys<LineChartOptions> = {
  ...CHART_WORDS,
  x: 'required',
  y: 'required',
  series: 'required',
};

const PLOT_HEIGHT = 300;
/** Half the width of a whisker's cap, in px. */
const CAP = 4;

/**
 * Draws lines with markers over two axes as a MIME bundle to display.
 * @throws ArgumentError listing every fault: no or too many series, x and y of different length,
 *   values that are not finite, values on a log axis that are not positive, missing words
 */
export function lineChart(options: LineChartOptions): Figure {
  assertOptions('lineChart', options, OPTIONS);
  throwFaults('lineChart', findFaults(options));
  const { series } = options;
  const x = pointScale(options.x, gather(series, 'x'));
  const y = pointScale(options.y, series.flatMap(reach));
  const header = drawHeader(options, drawKey);
  const box: Box = {
    left: yAxisRoom(y),
    // The last tick's label is centred on a tick near the plot's right end.
    right: WIDTH - EDGE - textWidth(x.labels.at(-1) ?? '') / 2,
    top: header.bottom,
    bottom: header.bottom + PLOT_HEIGHT,
  };
  const height = box.bottom + xAxisRoom(x);
  const lines = series.map((line, i) => drawLine(box, x, y, line, styleOf(i)));
  const axes = drawXAxis(box, x) + drawYAxis(box, y);
  return makeFigure(options.summary, {
    data: series.map((line, i) => trace(x, y, line, styleOf(i))),
    titleLines: header.titleLines,
    box,
    height,
    axes: { xaxis: plotlyAxis(x), yaxis: plotlyAxis(y) },
    svg: drawDocument(options, height, header.svg, axes, ...lines),
  });
}

function gather(series: LineSeries[], axis: 'x' | 'y'): number[] {
  return series.flatMap((line) => line[axis]);
}

/** Lists the y values that a line covers: its points and the ends of its whiskers. */
function reach({ y, spread = [] }: LineSeries): number[] {
  return y.flatMap((value, i) => [value - (spread[i] ?? 0), value + (spread[i] ?? 0)]);
}

function findFaults({ title, summary, x, y, series }: LineChartOptions): string[] {
  const words = { title, summary, 'x title': x.title, 'y title': y.title };
  return [
    ...checkWords(words),
    ...checkAxis('x', x),
    ...checkAxis('y', y),
    ...checkCount(series),
    ...series.flatMap((line) => checkSeries(line, x, y)),
  ];
}

function checkSeries(line: LineSeries, x: Axis, y: Axis): string[] {
  const what = `series "${line.name}"`;
  const [columns, rows] = [line.x.length, line.y.length];
  const faults = [
    ...checkValues(`${what} x`, line.x, x.scale === 'log'),
    ...checkValues(`${what} y`, line.y, y.scale === 'log'),
  ];
  if (line.spread) {
    faults.push(...checkValues(`${what} y ± spread`, reach(line), y.scale === 'log'));
  }
  if (line.spread && line.spread.length !== rows) {
    faults.push(
      `${what} must be as many spreads as y, got ${line.spread.length} and ${rows}. Give one for each y.`,
    );
  }
  if (columns !== rows) {
    faults.push(
      `${what} must be as many x as y, got ${columns} x and ${rows} y. Give one y for each x.`,
    );
  } else if (columns === 0) {
    faults.push(`${what} must be at least one point, got none. Leave the series out.`);
  }
  return faults;
}

function drawLine(box: Box, x: Scale, y: Scale, line: LineSeries, style: SeriesStyle): string {
  const points = line.x.map((value, i) => {
    const [left, top] = [placeX(box, x, value), placeY(box, y, line.y[i] ?? NaN)];
    return `${left.toFixed(1)},${top.toFixed(1)}`;
  });
  const path = element('polyline', { points: points.join(' '), ...stroke(style) });
  const stride = Math.ceil(points.length / MAX_MARKERS);
  const markers = points
    .filter((_, i) => i % stride === 0)
    .map((at) => drawMarker(style, `translate(${at})`));
  return element('g', {}, ...drawWhiskers(box, x, y, line, style), path, ...markers);
}

function drawWhiskers(
  box: Box,
  x: Scale,
  y: Scale,
  line: LineSeries,
  { color }: SeriesStyle,
): string[] {
  return (line.spread ?? []).map((spread, i) => {
    const [value, at] = [line.y[i] ?? NaN, placeX(box, x, line.x[i] ?? NaN)];
    const [low, high] = [placeY(box, y, value - spread), placeY(box, y, value + spread)];
    const cap = (height: number) => `M${(at - CAP).toFixed(1)},${height.toFixed(1)}h${2 * CAP}`;
    const d = `${cap(low)}${cap(high)}M${at.toFixed(1)},${low.toFixed(1)}V${high.toFixed(1)}`;
    return element('path', { d, fill: 'none', stroke: color });
  });
}

function drawKey(style: SeriesStyle): string {
  const line = element('line', { x1: 0, y1: 0, x2: 28, y2: 0, ...stroke(style) });
  return line + drawMarker(style, 'translate(14,0)');
}

function drawMarker({ color, symbol }: SeriesStyle, transform: string): string {
  return element('path', { d: SYMBOLS[symbol], fill: color, transform });
}

function stroke({ color, dash }: SeriesStyle): Record<string, string | number> {
  const line = { fill: 'none', stroke: color, 'stroke-width': LINE_WIDTH };
  return { ...line, 'stroke-dasharray': DASHES[dash] };
}

function trace(x: Scale, y: Scale, line: LineSeries, style: SeriesStyle): Data {
  const { color, dash, symbol } = style;
  const hover = line.x.map((value, i) => [
    line.name,
    `${x.titleLines.join(' ')}: ${x.format(value)}`,
    `${y.titleLines.join(' ')}: ${y.format(line.y[i] ?? NaN)}`,
  ]);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: inPageColor(escapeMarkup(line.name)),
    x: [...line.x],
    y: [...line.y],
    line: { color, dash, width: LINE_WIDTH },
    ...(line.spread && {
      error_y: { type: 'data', array: [...line.spread], color, thickness: 1, width: CAP },
    }),
    marker: { color, symbol, size: MARKER_SIZE, maxdisplayed: MAX_MARKERS },
    hovertext: hover.map(plotlyLines),
    hovertemplate: '%{hovertext}<extra></extra>',
    cliponaxis: false,
  };
}
