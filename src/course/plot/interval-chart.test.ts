import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findAll, parseXml } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { intervalChart, type IntervalChartOptions } from './interval-chart';

const options: IntervalChartOptions = {
  title: 'The team solves more than one agent',
  summary: 'Alone 96 % (94 to 97), together 98 % (97 to 99).',
  value: { title: 'Solved', format: (share) => `${Number((100 * share).toFixed(1))} %` },
  points: [
    { name: 'Solver & friends', value: 0.96, low: 0.94, high: 0.97 },
    { name: 'Team', value: 0.98, low: 0.97, high: 0.99 },
  ],
};
const draw = (given: IntervalChartOptions) => parseXml(intervalChart(given)['image/svg+xml']);
const numbers = (text = '') => [...text.matchAll(/-?[\d.]+/g)].map(Number);

describe('an interval', () => {
  test('is drawn from its low to its high end, the value between them to scale', () => {
    const paths = findAll(draw(options), 'path');
    const places = [0, 1].map((i) => {
      const [left = NaN, , right = NaN] = numbers(paths[2 * i]?.attributes.d);
      const [value = NaN] = numbers(paths[2 * i + 1]?.attributes.transform);
      return { left, right, value };
    });
    for (const { left, right, value } of places) assert.ok(left < value && value < right);
    const [alone, team] = places;
    assert.ok(alone && team);
    const share = (alone.value - alone.left) / (alone.right - alone.left);
    assert.ok(Math.abs(share - 2 / 3) < 0.01, `${share}`);
    // 0.94 to 0.97 is as wide as 0.97 to 0.99 and half of it again.
    const ratio = (alone.right - alone.left) / (team.right - team.left);
    assert.ok(Math.abs(ratio - 1.5) < 0.01, `${ratio}`);
    assert.ok(Math.abs(alone.right - team.left) < 0.1);
  });

  test('is the same in the Plotly twin, and named in its hover', () => {
    const [data] = intervalChart(options)['application/vnd.plotly.v1+json'].data;
    const {
      x,
      error_x: error,
      hovertext,
    } = data as unknown as {
      x: number[];
      error_x: { array: number[]; arrayminus: number[] };
      hovertext: string[];
    };
    assert.deepEqual(x, [0.96, 0.98]);
    const rounded = (values: number[]) => values.map((value) => Number(value.toFixed(12)));
    assert.deepEqual(rounded(error.array), [0.01, 0.01]);
    assert.deepEqual(rounded(error.arrayminus), [0.02, 0.01]);
    assert.equal(hovertext[0], 'Solver &amp; friends<br>96 % (94 % to 97 %)');
  });

  test('has its name and number beside it, and a sentence for those who do not see it', () => {
    const texts = findAll(draw(options), 'text').map(({ text }) => text);
    for (const text of ['Solver & friends', '96 %', 'Team', '98 %'])
      assert.ok(texts.includes(text));
    assert.equal(intervalChart(options)['text/plain'], options.summary);
  });

  test('is refused if its value is outside, as are a chart without points and missing words', () => {
    const points = [{ name: 'odd', value: 1, low: 2, high: 3 }];
    const bad = () => intervalChart({ ...options, title: '', points });
    assert.throws(bad, ArgumentError);
    assert.throws(bad, /title must[^]*"odd" must lie within its interval, got 1 and 2 to 3/);
    assert.throws(() => intervalChart({ ...options, points: [] }), /at least one/);
  });
});
