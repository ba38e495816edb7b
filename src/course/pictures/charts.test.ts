import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Figure } from '../plot';
import { descentChart } from './descent-chart';
import { lossesChart } from './losses-chart';
import { parameterChart } from './parameter-chart';

interface Line {
  x: number[];
  y: number[];
}
const linesOf = (figure: Figure) =>
  figure['application/vnd.plotly.v1+json'].data as unknown as Line[];

test('the parameters of LoRA are r (d + k), those of the layer d k', () => {
  const figure = parameterChart({ d: 20, k: 30, ranks: [1, 8, 64] });
  const [lora, full] = linesOf(figure);
  assert.deepEqual(lora?.y, [50, 400, 3200]);
  assert.deepEqual(full?.y, [600, 600, 600]);
  assert.match(figure['text/plain'], /50 parameters at rank 1 and 3,200 at rank 64.* 600\./);
});

test('the steps of a training lie on the curve of its loss', () => {
  const loss = (w: number) => (2 * w - 6) ** 2;
  const [curve, path] = linesOf(descentChart(loss, [0, 2.4, -8]));
  assert.deepEqual(path?.y, [0, 2.4, -8].map(loss));
  assert.deepEqual(curve?.y, curve?.x.map(loss));
  assert.equal(curve?.x[0], -8);
  const figure = descentChart(loss, [0, 1e5]);
  assert.match(figure['text/plain'], /0.00, 100000.00/);
  assert.match(figure['image/svg+xml'], /1 steps: the loss goes from 36 to 4\.0e\+10/);
});

test('a step that is no number is named, with its place', () => {
  const chart = (...steps: unknown[]) => descentChart((w) => w, steps as number[]);
  const forgotten = Promise.resolve([1]) as unknown as number[];
  assert.throws(() => chart(0, forgotten[0]), {
    name: 'ArgumentError',
    message:
      /^descentChart: each step must be a finite number, got undefined at place 1\. Read a tensor/,
  });
  assert.throws(() => chart(0, 1, NaN), /got NaN at place 2/);
  assert.throws(() => chart(forgotten), /got Promise at place 0/);
  assert.throws(() => chart(), /got none/);
});

test('losses are means of ten steps, and a training that has not begun has no line', () => {
  const losses = Array.from({ length: 12 }, (_, i) => i);
  const figure = lossesChart({ 'rank 1': losses, 'rank 8': [] });
  const lines = linesOf(figure);
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0]?.x.slice(0, 2), [1, 2]);
  assert.deepEqual(lines[0]?.y.slice(-2), [5.5, 6.5]); // of 1 to 10, and of 2 to 11
  assert.match(figure['text/plain'], /Loss at rank 1: 6.50, rank 8: not begun/);
});
