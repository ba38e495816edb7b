import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findAll, parseXml } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { dotChart, type DotChartOptions } from './dot-chart';

const options: DotChartOptions = {
  title: 'Rank 4 solves more than rank 1',
  summary: 'Rank 1 solves 50, 60 and 82 %, rank 4 solves 90 %.',
  value: { title: 'solved (%)', format: (value) => `${value.toFixed(0)} %` },
  points: [
    { name: 'r = 1', values: [50, 60, 82] },
    { name: 'r = 4', values: [90] },
  ],
};
const numbers = (text = '') => [...text.matchAll(/-?[\d.]+/g)].map(Number);

describe('a row of dots', () => {
  test('has a dot for each measurement and a line at their mean, to one scale', () => {
    const paths = findAll(parseXml(dotChart(options)['image/svg+xml']), 'path');
    const dots = paths.flatMap(({ attributes: { transform } }) =>
      transform === undefined ? [] : numbers(transform),
    );
    const x = dots.filter((_, i) => i % 2 === 0);
    assert.equal(x.length, 4);
    const [a = NaN, b = NaN, c = NaN, other = NaN] = x;
    assert.ok(Math.abs((c - a) / (b - a) - 3.2) < 0.05, x.join(' '));
    const lines = paths.flatMap(({ attributes: { d, transform } }) =>
      transform === undefined ? [numbers(d)[0] ?? NaN] : [],
    );
    assert.ok(Math.abs((lines[0] ?? NaN) - (a + (c - a) * (14 / 32))) < 0.2);
    assert.ok(Math.abs((lines[1] ?? NaN) - other) < 0.2);
  });

  test('is the same in the Plotly twin, without a legend', () => {
    const { data, layout } = dotChart(options)['application/vnd.plotly.v1+json'];
    const [means, dots] = data as unknown as { x: number[]; y: number[]; hovertext: string[] }[];
    assert.deepEqual(means?.x, [64, 90]);
    assert.deepEqual(dots?.x, [50, 60, 82, 90]);
    assert.deepEqual(dots.y, [0, 0, 0, 1]);
    assert.equal(dots.hovertext[2], 'r = 1<br>82 %');
    assert.equal(layout.showlegend, false);
  });

  test('has its name and its mean beside it, and a sentence for those who do not see it', () => {
    const texts = findAll(parseXml(dotChart(options)['image/svg+xml']), 'text');
    for (const word of ['r = 1', '64 %', 'r = 4', '90 %']) {
      assert.ok(
        texts.some(({ text }) => text === word),
        word,
      );
    }
    assert.equal(dotChart(options)['text/plain'], options.summary);
  });

  test('is refused without a value, or with one that is no number', () => {
    for (const [values, words] of [
      [[], /dotChart: point "odd" must have at least one value, got none/],
      [[1, NaN], /dotChart: point "odd" must be finite .*, got NaN/],
    ] as const) {
      const points = [{ name: 'odd', values: [...values] }];
      const bad = () => dotChart({ ...options, points });
      assert.throws(bad, ArgumentError);
      assert.throws(bad, words);
    }
  });
});
