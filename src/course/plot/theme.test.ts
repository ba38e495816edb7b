import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STYLES, TEXT_COLOR } from './theme';

/** Page colours of JupyterLab's light and dark themes. */
const PAGES = ['#ffffff', '#111111'] as const;

/** Computes the contrast of two colours (WCAG 2.2, 1.4.3), from 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const worst = (color: string): number => Math.min(...PAGES.map((page) => contrast(color, page)));

test('the text colour is the grey with the best contrast on both pages', () => {
  const greys = Array.from(
    { length: 256 },
    (_, i) => `#${i.toString(16).padStart(2, '0').repeat(3)}`,
  );
  assert.equal(Math.max(...greys.map(worst)), worst(TEXT_COLOR));
  assert.ok(worst(TEXT_COLOR) > 4.33, `${worst(TEXT_COLOR)}`);
  // No colour has 4.5:1 on both pages; if the pages ever allow it, require it.
  assert.ok(Math.sqrt(contrast(...PAGES)) < 4.5);
});

test('every series stands out from both pages by 3:1, as graphics must', () => {
  for (const { color } of STYLES) assert.ok(worst(color) >= 3, `${color}: ${worst(color)}`);
});

test('no two series share colour, marker, dash or hatch', () => {
  for (const key of ['color', 'symbol', 'dash', 'hatch'] as const) {
    assert.equal(new Set(STYLES.map((style) => style[key])).size, STYLES.length, key);
  }
});

test('the first colour, of charts with one series, is as legible on the dark page as on the light', () => {
  const { color = '' } = STYLES[0] ?? {};
  assert.ok(worst(color) > 4.3, `${worst(color)}`);
});
