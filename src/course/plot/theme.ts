/**
 * Colours and sizes of both drawings, SVG and Plotly. The kernel cannot know the reader's theme, so
 * backgrounds are transparent and every colour must be legible on white and on JupyterLab's dark
 * page.
 */

/**
 * The grey with the best contrast on white and #111111 at once. No colour reaches 4.5:1 on both:
 * the product of the two contrasts is fixed, and its square root is below 4.5.
 */
export const TEXT_COLOR = '#797979';
export const GRID_COLOR = 'rgba(128,128,128,0.25)';

export const FONT_FAMILY = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
export const FONT_SIZE = 13;
export const TITLE_SIZE = 16;
export const LINE_HEIGHT = 17;
export const TITLE_LINE = 21;
/** Width of every drawing, and the distance of text from its edge. */
export const WIDTH = 720;
export const EDGE = 12;

export const LINE_WIDTH = 2;
export const MARKER_SIZE = 9;
/** Most markers on a line; a longer line has them on evenly chosen points only. */
export const MAX_MARKERS = 24;

/** Plotly's marker names, and the same shapes as SVG paths around (0, 0). */
export const SYMBOLS = {
  circle: 'M-4.5,0A4.5,4.5 0 1 1 4.5,0A4.5,4.5 0 1 1 -4.5,0Z',
  square: 'M-4.5,-4.5H4.5V4.5H-4.5Z',
  diamond: 'M0,-6L6,0L0,6L-6,0Z',
  'triangle-up': 'M0,-6L5.2,3H-5.2Z',
  x: 'M-6,-3L-3,-6L0,-3L3,-6L6,-3L3,0L6,3L3,6L0,3L-3,6L-6,3L-3,0Z',
};

/** Plotly's dash names with their lengths in px. */
export const DASHES = {
  solid: 'none',
  dash: '9 9',
  dot: '3 3',
  dashdot: '9 3 3 3',
  longdash: '15 15',
};

/** Plotly's hatch names, and the same hatches as SVG paths in a tile of 8 x 8. */
export const HATCHES = {
  '': 'M0,0H8V8H0Z',
  '/': 'M-2,2L2,-2M0,8L8,0M6,10L10,6',
  '-': 'M0,4H8',
  '|': 'M4,0V8',
  x: 'M0,0L8,8M8,0L0,8',
};

export interface SeriesStyle {
  color: string;
  symbol: keyof typeof SYMBOLS;
  dash: keyof typeof DASHES;
  hatch: keyof typeof HATCHES;
}

/**
 * Four of Okabe and Ito's colours, the blue lighter to stand out on a dark page, and the grey. No two
 * series differ by colour alone.
 */
export const STYLES: readonly SeriesStyle[] = [
  { color: '#1a7fbf', symbol: 'circle', dash: 'solid', hatch: '' },
  { color: '#d55e00', symbol: 'square', dash: 'dash', hatch: '/' },
  { color: '#009e73', symbol: 'diamond', dash: 'dot', hatch: '-' },
  { color: '#cc79a7', symbol: 'triangle-up', dash: 'dashdot', hatch: '|' },
  { color: '#797979', symbol: 'x', dash: 'longdash', hatch: 'x' },
];

/** Style of the i-th series. */
export function styleOf(i: number): SeriesStyle {
  const style = STYLES[i];
  if (style === undefined) {
    throw new RangeError(`styleOf: index must be below ${STYLES.length}, got ${i}.`);
  }
  return style;
}
