import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findAll, parseXml, type XmlElement } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { inPageColor } from './figure';
import { lineChart, type LineChartOptions } from './line-chart';
import { textWidth } from './svg';
import { DASHES, SYMBOLS } from './theme';

const ranks = [1, 2, 4, 8, 16, 32, 64];
const options: LineChartOptions = {
  title: 'LoRA at rank 8 trains 2.1 % of the weights',
  summary: 'LoRA trains 12,288 weights at rank 8; the full layer has 589,824.',
  x: { title: 'Rank r', scale: 'log' },
  y: { title: 'Trainable parameters', scale: 'log' },
  series: [
    { name: 'LoRA', x: ranks, y: ranks.map((r) => r * (768 + 768)) },
    { name: 'Full', x: ranks, y: ranks.map(() => 768 * 768) },
  ],
};

const draw = (changed: Partial<LineChartOptions> = {}): XmlElement =>
  parseXml(lineChart({ ...options, ...changed })['image/svg+xml']);

const plotly = (changed: Partial<LineChartOptions> = {}) =>
  lineChart({ ...options, ...changed })['application/vnd.plotly.v1+json'];

/** Finds the drawn points of each line, in px. */
function points(svg: XmlElement): [x: number, y: number][][] {
  return findAll(svg, 'polyline').map(({ attributes }) =>
    (attributes.points ?? '').split(' ').map((point) => {
      const [x = NaN, y = NaN] = point.split(',').map(Number);
      return [x, y];
    }),
  );
}

/** Finds the position of each tick label. */
function labels(svg: XmlElement, anchor: string): Record<string, number> {
  const key = anchor === 'middle' ? 'x' : 'y';
  const texts = findAll(svg, 'text').filter(
    ({ attributes }) => attributes['text-anchor'] === anchor,
  );
  return Object.fromEntries(texts.map(({ text, attributes }) => [text, Number(attributes[key])]));
}

const near = (a = NaN, b = NaN, tolerance = 0.11): void =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not near ${b}`);

describe('the drawing', () => {
  test('puts every rank at its tick, evenly spaced', () => {
    const svg = draw();
    const [lora = []] = points(svg);
    const ticks = labels(svg, 'middle');
    ranks.forEach((r, i) => near(lora[i]?.[0], ticks[r]));
    const gaps = lora.slice(1).map(([x], i) => x - (lora[i]?.[0] ?? NaN));
    gaps.forEach((gap) => near(gap, gaps[0], 0.21));
    assert.ok((gaps[0] ?? 0) > 50);
  });

  test('puts values between the ticks by their logarithm', () => {
    const svg = draw();
    const [lora = [], full = []] = points(svg);
    const ticks = labels(svg, 'end');
    const [thousand = NaN, million = NaN] = [ticks['1,000'], ticks['1,000,000']];
    const decade = (thousand - million) / 3;
    // The baseline of a label is a third of a letter below its tick.
    const drop = thousand - (lora[0]?.[1] ?? NaN) - decade * Math.log10(1.536);
    near(drop, 13 / 3);
    near(full[0]?.[1], million - drop + decade * -Math.log10(0.589824));
    lora.slice(1).forEach(([, y], i) => near((lora[i]?.[1] ?? NaN) - y, decade * Math.log10(2)));
    assert.equal(new Set(full.map(([, y]) => y)).size, 1);
  });

  test('draws a whisker from y - spread to y + spread through each point, inside the frame', () => {
    const y = { title: 'Accuracy', ticks: [0, 50, 100] };
    const line = { name: 'LoRA', x: [1, 4, 8], y: [10, 60, 100], spread: [10, 30, 20] };
    const svg = draw({ y, series: [line] });
    const ticks = labels(svg, 'end');
    const [zero = NaN, hundred = NaN] = [ticks['0'], ticks['100']];
    const whiskers = findAll(svg, 'path').flatMap(
      ({ attributes: { d = '' } }) => /M([\d.]+),([\d.]+)V([\d.]+)$/.exec(d)?.slice(1) ?? [],
    );
    assert.equal(whiskers.length, 9);
    points(svg)[0]?.forEach(([x, at], i) => {
      const [left, low = NaN, high = NaN] = whiskers.slice(3 * i, 3 * i + 3).map(Number);
      near(left, x);
      near((low + high) / 2, at);
      near(low - high, ((2 * (line.spread[i] ?? NaN)) / 100) * (zero - hundred));
    });
    const { data } = plotly({ y, series: [line] });
    assert.deepEqual((data[0] as { error_y: { array: number[] } }).error_y.array, line.spread);
  });

  test('has a title and a description for screen readers', () => {
    const { attributes, children } = draw({ title: 'a < b & "c"' });
    assert.equal(attributes.role, 'img');
    assert.equal(attributes.viewBox, `0 0 ${attributes.width} ${attributes.height}`);
    assert.deepEqual(
      children.slice(0, 2).map(({ name, text }) => [name, text]),
      [
        ['title', 'a < b & "c"'],
        ['desc', options.summary],
      ],
    );
  });

  test('names its series in a legend, unless there is only one', () => {
    const names = (svg: XmlElement) => findAll(svg, 'text').map(({ text }) => text);
    assert.ok(['LoRA', 'Full'].every((name) => names(draw()).includes(name)));
    const [lora] = options.series;
    assert.ok(lora !== undefined && !names(draw({ series: [lora] })).includes('LoRA'));
  });

  test('breaks a legend into rows only if it does not fit into one', () => {
    const rows = (words: string): number => {
      const series = ['a', 'b', 'c', 'd', 'e'].map((key) => ({
        name: key + words,
        x: [1],
        y: [1],
      }));
      const names = findAll(draw({ series }), 'text').filter(({ text }) => text.endsWith(words));
      return new Set(names.map(({ attributes }) => attributes.y)).size;
    };
    assert.equal(rows('-LoRA'), 1);
    assert.equal(rows('-LoRA at every rank from 1 to 64'), 3);
  });

  test('keeps long words inside the picture', () => {
    const long = 'Exceptionally long words about the cross-entropy per token, '.repeat(4);
    const svg = draw({
      title: long,
      x: { title: long, format: (value) => `${value} thousand million tokens` },
      y: { title: long, format: (value) => `about ${value.toFixed(2)} nats per token` },
      series: [1, 2, 3, 4, 5].map((i) => ({ name: `${i} ${long}`, x: [0, i], y: [i, 0] })),
    });
    const [width, height] = [Number(svg.attributes.width), Number(svg.attributes.height)];
    for (const { text, attributes } of findAll(svg, 'text')) {
      const size = textWidth(text, Number(attributes['font-size'] ?? 13));
      const upright = attributes.transform !== undefined;
      const [x, y] = upright
        ? [Number(attributes.y), -Number(attributes.x)]
        : [Number(attributes.x), Number(attributes.y)];
      const anchor = attributes['text-anchor'];
      const start = upright ? x : x - size * (anchor === 'end' ? 1 : anchor === 'middle' ? 0.5 : 0);
      assert.ok(start >= 0 && start + (upright ? 0 : size) <= width, `${text} at ${start}`);
      assert.ok(y >= 10 && y <= height - 4, `${text} at ${y} of ${height}`);
    }
  });

  test('is well-formed and within the plot for any numbers', () => {
    const value = fc
      .double({ min: -1e99, max: 1e99, noNaN: true })
      .map((v) => (Math.abs(v) < 1e-99 ? 0 : v));
    const row = fc.record({
      name: fc.string({ unit: 'binary' }),
      at: fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.string(), (rows, word) => {
        const series = rows.map(({ name, at }) => ({
          name,
          x: at.map(([x]) => x),
          y: at.map(([, y]) => y),
        }));
        const figure = lineChart({
          ...options,
          title: `t ${word}`,
          x: { title: 'x' },
          y: { title: 'y' },
          series,
        });
        const source = figure['image/svg+xml'];
        assert.doesNotMatch(source.replace(/>[^<]*</g, '><'), /NaN|Infinity|undefined/);
        const svg = parseXml(source);
        for (const [x, y] of points(svg).flat()) {
          assert.ok(
            x >= 0 && x <= 720 && y >= 0 && y <= Number(svg.attributes.height),
            `${x},${y}`,
          );
        }
      }),
    );
  });

  test('thins the markers of a long line, never the line', () => {
    const x = Array.from({ length: 500 }, (_, i) => i);
    const svg = draw({
      x: { title: 'step' },
      y: { title: 'loss' },
      series: [{ name: 'a', x, y: x }],
    });
    assert.equal(points(svg)[0]?.length, 500);
    const markers = findAll(svg, 'path').length;
    assert.ok(markers > 12 && markers <= 24, `${markers} markers`);
  });
});

describe('the Plotly twin', () => {
  test('is plain data with a height, legible on any page', () => {
    const bundle = lineChart(options);
    assert.deepEqual(JSON.parse(JSON.stringify(bundle)), bundle);
    assert.equal(bundle['text/plain'], options.summary);
    const { layout, config } = bundle['application/vnd.plotly.v1+json'];
    assert.equal(layout.height, Number(draw().attributes.height));
    assert.equal(layout.paper_bgcolor, 'rgba(0,0,0,0)');
    assert.equal(layout.plot_bgcolor, 'rgba(0,0,0,0)');
    assert.deepEqual(config, { displaylogo: false, displayModeBar: false });
    assert.equal(layout.xaxis?.automargin, true);
  });

  test('shows the ticks, colours, markers and dashes of the drawing', () => {
    const { data, layout } = plotly();
    const svg = draw();
    assert.deepEqual(
      layout.xaxis?.ticktext,
      ranks.map((r) => inPageColor(String(r))),
    );
    assert.deepEqual(layout.yaxis?.ticktext, Object.keys(labels(svg, 'end')).map(inPageColor));
    const lines = findAll(svg, 'polyline');
    const groups = findAll(svg, 'g').filter(({ children }) => children[0]?.name === 'polyline');
    data.forEach((trace, i) => {
      assert.ok(trace.type === 'scatter');
      assert.deepEqual(trace.y, options.series[i]?.y);
      assert.equal(trace.line?.color, lines[i]?.attributes.stroke);
      const dash = trace.line?.dash as keyof typeof DASHES;
      assert.equal(DASHES[dash], lines[i]?.attributes['stroke-dasharray']);
      const symbol = trace.marker?.symbol as keyof typeof SYMBOLS;
      assert.equal(SYMBOLS[symbol], groups[i]?.children[1]?.attributes.d);
    });
  });

  test('shows axis titles and formatted values on hover', () => {
    const [trace] = plotly().data;
    assert.ok(trace?.type === 'scatter' && Array.isArray(trace.hovertext));
    assert.equal(trace.hovertext[3], 'LoRA<br>Rank r: 8<br>Trainable parameters: 12,288');
  });

  test('puts the legend below the last line of the title', () => {
    for (const [title, lines] of [
      ['short', 1],
      ['a long title '.repeat(12).trim(), 2],
    ] as const) {
      const { layout } = plotly({ title });
      assert.equal(layout.title?.text?.split('<br>').length, lines);
      const px = (1 - (layout.legend?.y ?? NaN)) * (layout.height ?? NaN);
      assert.ok(px > 12 + 16 * lines && px < (layout.margin?.t ?? NaN), `${px}`);
    }
  });

  test('writes in the colour of the page, which follows the theme', () => {
    const { layout, data } = plotly();
    const texts = [layout.title?.text, layout.xaxis?.title?.text, layout.yaxis?.ticktext?.[0]];
    for (const text of [...texts, (data[0] as { name?: string }).name]) {
      assert.match(
        String(text),
        /^<span style="color:var\(--jp-content-font-color1, #\w{6}\)">.*<\/span>$/,
      );
    }
  });

  test('escapes names that look like markup', () => {
    const { data, layout } = plotly({
      title: '<i>x</i>',
      series: [{ name: 'a<b>', x: [1], y: [2] }],
    });
    assert.equal(layout.title?.text, inPageColor('<b>&lt;i&gt;x&lt;/i&gt;</b>'));
    assert.equal((data[0] as { name?: string }).name, inPageColor('a&lt;b&gt;'));
  });
});

test('all faults are named in one error', () => {
  const faulty = (): unknown =>
    lineChart({
      title: ' ',
      summary: 's',
      x: { title: 'x', scale: 'log', ticks: [] },
      y: { title: 'y', ticks: [NaN] },
      series: [
        { name: 'a', x: [0, 1], y: [1] },
        { name: 'b', x: [], y: [] },
        { name: 'c', x: [1, -2], y: [Infinity, 1e200] },
      ],
    });
  assert.throws(faulty, (error: unknown) => {
    assert.ok(error instanceof ArgumentError);
    assert.deepEqual(error.message.split('\n'), [
      'lineChart: title must be a sentence, got "". Say what the reader should see.',
      'lineChart: x ticks must be at least one number, got none. Leave them out to have them chosen.',
      'lineChart: y ticks must be finite (0, or 1e-100 to 1e+100 in size), got NaN. Leave such points out.',
      'lineChart: series "a" x must be positive on a log axis, got 0. Leave it out or use a linear scale.',
      'lineChart: series "a" must be as many x as y, got 2 x and 1 y. Give one y for each x.',
      'lineChart: series "b" must be at least one point, got none. Leave the series out.',
      'lineChart: series "c" x must be positive on a log axis, got -2. Leave it out or use a linear scale.',
      'lineChart: series "c" y must be finite (0, or 1e-100 to 1e+100 in size), got Infinity. Leave such points out.',
    ]);
    return true;
  });
});

test('no series, and more series than styles, are refused', () => {
  const line = { name: 'a', x: [1], y: [1] };
  const six = Array.from({ length: 6 }, () => line);
  const refusal = (n: number): RegExp => new RegExp(`series must be 1 to 5, got ${n}. Split`);
  assert.throws(() => lineChart({ ...options, series: [] }), refusal(0));
  assert.throws(() => lineChart({ ...options, series: six }), refusal(6));
  // Cells are not type-checked strictly, so a hole in the data must be refused at run time.
  const holes = [1, undefined as unknown as number];
  const hole = { name: 'a', x: [1, 2], y: holes };
  assert.throws(() => lineChart({ ...options, series: [hole] }), /got undefined/);
});
