import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findAll, parseXml, type XmlElement } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { barChart, type BarChartOptions } from './bar-chart';
import { inPageColor } from './figure';
import { STYLES } from './theme';

const options: BarChartOptions = {
  title: 'Three agents share one frozen base',
  summary: 'The base takes 327.6 MB, each of the three adapters 0.59 MB.',
  categories: ['Frozen base', 'Solver', 'Critic', 'Reviser'],
  value: {
    title: 'Memory',
    scale: 'log',
    format: (bytes) => `${Number((bytes / 1e6).toPrecision(3))} MB`,
  },
  series: [{ name: 'bytes', values: [327.6e6, 589_824, 589_824, 589_824] }],
};
const grouped: BarChartOptions = {
  ...options,
  categories: ['LoRA', 'Full'],
  value: { title: 'Parameters' },
  series: [
    { name: 'r = 8', values: [12_288, 589_824] },
    { name: 'r = 64', values: [98_304, 0] },
  ],
};

const draw = (given: BarChartOptions): XmlElement => parseXml(barChart(given)['image/svg+xml']);
const plotly = (given: BarChartOptions) => barChart(given)['application/vnd.plotly.v1+json'];

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
  fill: string;
}

/** Finds the drawn bars; the keys of a legend, which start at 0, are left out. */
function bars(svg: XmlElement): Rect[] {
  return findAll(svg, 'rect')
    .map(({ attributes: { x, y, width, height, fill = '' } }) => {
      return { x: Number(x), y: Number(y), width: Number(width), height: Number(height), fill };
    })
    .filter(({ x }) => x > 0);
}

const texts = (svg: XmlElement): string[] => findAll(svg, 'text').map(({ text }) => text);

describe('bars', () => {
  test('on a log axis are as long as their decades above the start', () => {
    const drawn = bars(draw(options));
    const [base, solver] = drawn;
    assert.equal(drawn.length, 4);
    // The axis starts at 0.1 MB.
    const ratio = (base?.width ?? NaN) / (solver?.width ?? NaN);
    assert.ok(Math.abs(ratio - Math.log10(3276) / Math.log10(5.89824)) < 0.001, `${ratio}`);
    assert.ok(drawn.every(({ x }) => x === base?.x));
  });

  test('on a linear axis are as long as their values', () => {
    const [small, large, , none] = bars(draw(grouped));
    assert.deepEqual(
      [small, large].map((bar) => bar?.x),
      [none?.x, none?.x],
    );
    assert.ok(Math.abs((large?.width ?? NaN) / (small?.width ?? NaN) - 8) < 0.01);
    assert.equal(none?.width, 0);
  });

  test('follow the order of the categories and do not touch', () => {
    for (const given of [options, grouped]) {
      const drawn = bars(draw(given));
      drawn.slice(1).forEach(({ y }, i) => {
        const above = drawn[i];
        assert.ok(y > (above?.y ?? NaN) + (above?.height ?? NaN), `${y}`);
      });
    }
  });

  test('have their values and names written beside them', () => {
    const written = texts(draw(options));
    assert.equal(written.filter((text) => text === '0.59 MB').length, 3);
    for (const text of ['328 MB', '0.1 MB', '1000 MB', 'Reviser'])
      assert.ok(written.includes(text));
    assert.ok(!written.includes('bytes'), 'one series needs no legend');
    for (const name of ['r = 8', 'r = 64', '589,824'])
      assert.ok(texts(draw(grouped)).includes(name));
  });

  test('end where their values are written', () => {
    const svg = draw(options);
    const values = findAll(svg, 'text').filter(({ text }) => ['328 MB', '0.59 MB'].includes(text));
    const gaps = bars(svg).map(({ x, width }, i) => Number(values[i]?.attributes.x) - x - width);
    assert.ok(
      gaps.every((gap) => gap > 2 && gap < 10),
      `${gaps.join(' ')}`,
    );
  });

  test('differ by hatching between series', () => {
    const svg = draw(grouped);
    const [first, second] = bars(svg).map(({ fill }) => fill);
    assert.equal(first, STYLES[0]?.color);
    const ids = findAll(svg, 'pattern').map(({ attributes }) => `url(#${attributes.id})`);
    assert.ok(second !== undefined && ids.includes(second), second);
  });

  test('are named and described', () => {
    const [title, desc] = draw(options).children;
    assert.deepEqual([title?.name, title?.text], ['title', options.title]);
    assert.deepEqual([desc?.name, desc?.text], ['desc', options.summary]);
    assert.equal(barChart(options)['text/plain'], options.summary);
  });
});

test('the Plotly twin has the same bars, labels and order', () => {
  const bundle = barChart(options);
  assert.deepEqual(JSON.parse(JSON.stringify(bundle)), bundle);
  const { data, layout } = plotly(options);
  const [trace] = data;
  assert.ok(trace?.type === 'bar');
  assert.deepEqual(trace.x, options.series[0]?.values);
  assert.deepEqual(trace.text, ['328 MB', '0.59 MB', '0.59 MB', '0.59 MB'].map(inPageColor));
  assert.deepEqual(
    trace.hovertext,
    options.categories.map((name, i) => `${name}<br>bytes<br>${i === 0 ? 328 : 0.59} MB`),
  );
  assert.deepEqual(layout.yaxis?.ticktext, options.categories.map(inPageColor));
  assert.deepEqual(layout.yaxis?.range, [3.5, -0.5], 'first category on top');
  assert.deepEqual(layout.xaxis?.range, [5, 9]);
  assert.equal(layout.showlegend, false);
  assert.equal(plotly(grouped).layout.showlegend, true);
});

test('all faults are named in one error', () => {
  const series = [
    { name: 'a', values: [1] },
    { name: 'b', values: [0, -1] },
  ];
  const message = (given: BarChartOptions): string[] => {
    try {
      barChart(given);
    } catch (error) {
      assert.ok(error instanceof ArgumentError);
      return error.message.split('\n');
    }
    return [];
  };
  assert.deepEqual(message({ ...grouped, series }), [
    'barChart: series "a" must be 2 values, one for each category, got 1. Fill them up.',
    'barChart: series "b" must be zero or more, got -1. Use lineChart for such values.',
  ]);
  assert.deepEqual(message({ ...options, categories: [], series: [{ name: 'a', values: [0] }] }), [
    'barChart: categories must be at least one name, got none. Name the bars.',
    'barChart: series "a" must be positive on a log axis, got 0. Leave it out or use a linear scale.',
    'barChart: series "a" must be 0 values, one for each category, got 1. Fill them up.',
  ]);
});
