import type { Config, Data, Layout } from 'plotly.js-dist';
import { escapeMarkup } from '../card';
import type { Box } from './frame';
import type { Scale } from './scale';
import {
  EDGE,
  FONT_FAMILY,
  FONT_SIZE,
  GRID_COLOR,
  TEXT_COLOR,
  TITLE_LINE,
  TITLE_SIZE,
  WIDTH,
} from './theme';

/**
 * A chart as a MIME bundle of plain JSON data: interactive if there is a Plotly renderer, otherwise
 * an SVG drawing, and a sentence with the numbers as text.
 * (A type, because an interface is not assignable to `Record<string, unknown>`.)
 */
export type Figure = {
  'application/vnd.plotly.v1+json': {
    data: Data[];
    layout: Partial<Layout>;
    config: Partial<Config>;
  };
  'image/svg+xml': string;
  'text/plain': string;
};

/** The SVG drawing of a chart and its Plotly traces; both put the plot into the same box. */
export interface Parts {
  data: Data[];
  titleLines: string[];
  box: Box;
  height: number;
  /** Layout options of the chart: its axes. */
  axes: Partial<Layout>;
  svg: string;
}

/** Creates the MIME bundle. */
export function makeFigure(summary: string, parts: Parts): Figure {
  const { data, titleLines, box, height, axes, svg } = parts;
  const titleBottom = EDGE + titleLines.length * TITLE_LINE;
  const layout: Partial<Layout> = {
    height,
    margin: { l: box.left, r: WIDTH - box.right, t: box.top, b: height - box.bottom },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: FONT_FAMILY, size: FONT_SIZE, color: TEXT_COLOR },
    title: {
      text: inPageColor(`<b>${plotlyLines(titleLines)}</b>`),
      font: { size: TITLE_SIZE },
      x: 0,
      xanchor: 'left',
      y: 1,
      yanchor: 'top',
      pad: { l: EDGE, t: EDGE },
    },
    showlegend: data.length > 1,
    // Positioned below the title in px, so that Plotly makes room for every row on a narrow page.
    legend: {
      orientation: 'h',
      x: 0,
      xanchor: 'left',
      yref: 'container',
      y: 1 - titleBottom / height,
      yanchor: 'top',
    },
    ...axes,
  };
  // Not `responsive`: JupyterLab resizes its charts itself, and with `responsive` a change of theme
  // leaves the drawing without a height.
  const config: Partial<Config> = { displaylogo: false, displayModeBar: false };
  return {
    'application/vnd.plotly.v1+json': { data, layout, config },
    'image/svg+xml': svg,
    'text/plain': summary,
  };
}

/** A value axis with exactly the range and ticks of the drawing. */
export function plotlyAxis(scale: Scale): Partial<Layout['xaxis']> {
  return {
    title: {
      text: inPageColor(plotlyLines(scale.titleLines)),
      font: { size: FONT_SIZE },
      standoff: 8,
    },
    type: scale.type,
    range: scale.range,
    tickmode: 'array',
    tickvals: scale.ticks,
    ticktext: scale.labels.map((label) => inPageColor(escapeMarkup(label))),
    automargin: true,
    ticklabelstandoff: 4,
    zeroline: false,
    gridcolor: GRID_COLOR,
  };
}

/** Joins lines into one Plotly label, escaped so that a name like `<b>` stays a name. */
export function plotlyLines(lines: string[]): string {
  return lines.map(escapeMarkup).join('<br>');
}

/**
 * Colours markup of a Plotly drawing as JupyterLab colours its text, in each theme; elsewhere it has
 * the colour of the drawing.
 */
export function inPageColor(markup: string): string {
  return `<span style="color:var(--jp-content-font-color1, ${TEXT_COLOR})">${markup}</span>`;
}
