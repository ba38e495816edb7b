import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArgumentError } from '../../tensor/errors';
import { trainingChart } from './training-chart';

const history = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    loss: 4 / (i + 1),
    seconds: 0.5,
    tokensPerSecond: 2400,
  }));

describe('the chart of a training', () => {
  test('shows the step, the speed and the time left', () => {
    const { 'text/plain': text, 'image/svg+xml': svg } = trainingChart({
      history: history(2),
      steps: 13,
    });
    const state = 'Step 2 of 13: loss 3.000, 2,400 tokens/s, 6 s left';
    assert.equal(text, `Training loss: ${state}. It began at 4.000.`);
    assert.ok(svg.includes(state));
  });

  test('shows the duration at the end, and no speed if none is known', () => {
    const steps = history(4).map(({ step, loss, seconds }) => ({ step, loss, seconds }));
    const { 'text/plain': text } = trainingChart({ history: steps, steps: 4 });
    assert.match(text, /Step 4 of 4: loss 2\.083, 2 s\./);
  });

  test('has a hundred points for a long history, each a mean at its last step', () => {
    const { data } = trainingChart({ history: history(995), steps: 995 })[
      'application/vnd.plotly.v1+json'
    ];
    const [{ x, y }] = data as [{ x: number[]; y: number[] }];
    assert.equal(x.length, 100);
    assert.deepEqual([x[0], x.at(-1)], [10, 995]);
    const harmonic = Array.from({ length: 10 }, (_, i) => 4 / (i + 1));
    const mean = harmonic.reduce((sum, loss) => sum + loss, 0) / 10;
    assert.ok(Math.abs((y[0] ?? NaN) - mean) < 1e-12);
  });

  test('draws the loss on rows held back beside it, where it was measured', () => {
    const steps = history(9).map((step) =>
      step.step % 4 === 0 ? { ...step, validation: { loss: step.step } } : step,
    );
    const figure = trainingChart({ history: steps, steps: 9 });
    const data = figure['application/vnd.plotly.v1+json'].data as { name: string; y: number[] }[];
    assert.match(data[1]?.name ?? '', /rows held back/);
    assert.equal(data[0]?.y.length, 9);
    assert.deepEqual(data[1]?.y, [4, 8]);
    assert.match(figure['text/plain'], /On rows held back it is 8\.000\.$/m);
  });

  test('is refused without a step', () => {
    assert.throws(() => trainingChart({ history: [], steps: 5 }), ArgumentError);
  });
});
