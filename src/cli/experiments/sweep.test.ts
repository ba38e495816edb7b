import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TrainingMessage } from '../measure';
import { isResultOf, planSweep, type SweepRun } from './sweep-plan';
import { sweepRun } from './sweep-run';

const base = '0123456789ab';

describe('the plan of a sweep', () => {
  test('has every rank with three seeds, both scales, and full fine-tuning', () => {
    const runs = planSweep('rank', { quick: false, base });
    assert.equal(runs.length, 3 * (4 + 3 + 1));
    assert.equal(new Set(runs.map((run) => JSON.stringify(run))).size, runs.length);
    for (const seed of [1, 2, 3]) {
      const own = runs.filter((run) => run.seed === seed);
      const ranks = own.filter(({ method }) => method === 'lora').map(({ r }) => r);
      assert.deepEqual(ranks, [1, 4, 8, 64]);
      assert.equal(own.filter(({ method }) => method === 'full').length, 1);
    }
  });

  test('has rsLoRA at every rank but 8, where both scalings are 4', () => {
    const runs = planSweep('rank', { quick: false, base }).filter(({ seed }) => seed === 1);
    const rslora = runs.filter(({ method }) => method === 'rslora');
    assert.deepEqual(
      rslora.map(({ r }) => r),
      [1, 4, 64],
    );
    for (const { alpha } of rslora) {
      assert.ok(Math.abs((alpha ?? NaN) / Math.sqrt(8) - 4) < 1e-12);
    }
    assert.ok(runs.some(({ method, r, alpha }) => method === 'lora' && r === 8 && alpha === 32));
  });

  test('trains each seed on the base in 4 bits and in float32 for qlora', () => {
    assert.deepEqual(
      planSweep('qlora', { quick: false, base }).map(({ method, r, seed }) => [method, r, seed]),
      [1, 2, 3].flatMap((seed) => ['qlora', 'lora'].map((method) => [method, 8, seed])),
    );
  });

  test('varies only the method for variants', () => {
    const runs = planSweep('variants', { quick: false, base });
    assert.equal(runs.length, 3 * 5);
    assert.equal(new Set(runs.map(({ method }) => method)).size, 5);
    for (const run of runs) assert.deepEqual([run.r, run.alpha, run.steps], [16, 32, 300]);
  });

  test('has one seed and no rsLoRA if it is quick', () => {
    assert.deepEqual(
      planSweep('rank', { quick: true, base }).map(({ r, seed }) => [r, seed]),
      [1, 4, 8, 64, null].map((r) => [r, 1]),
    );
    assert.deepEqual(
      planSweep('alpha', { quick: true, base }).map(({ r, alpha }) => [r, alpha]),
      [8, 16, 32].map((alpha) => [8, alpha]),
    );
  });
});

describe('sweepRun', () => {
  test('reports every step, then a row that isResultOf recognises', async () => {
    const run: SweepRun = {
      method: 'rslora',
      r: 2,
      alpha: 3,
      seed: 4,
      steps: 3,
      learningRate: 0.01,
      testRows: 5,
      base,
    };
    const messages: TrainingMessage[] = [];
    await sweepRun(run, 'npm run sweep -- test', (message) => messages.push(message));
    const rows = messages.flatMap((message) => ('row' in message ? [message.row] : []));
    const steps = messages.flatMap((message) => ('step' in message ? [message.step] : []));
    assert.deepEqual(steps, [1, 2, 3]);
    const [row] = rows;
    assert.ok(row && rows.length === 1);
    assert.ok(isResultOf(row, run) && !isResultOf(row, { ...run, base: 'another' }));
    assert.equal(row.command, 'npm run sweep -- test');
    assert.equal(row.trainable, 81_920 / 4);
    assert.ok((row.testLoss as number) > 0.5 && row.exactMatch === 0);
  });

  test('also measures the merged weights rounded again, for a base in 4 bits', async () => {
    const run: SweepRun = {
      method: 'qlora',
      r: 2,
      alpha: 3,
      seed: 4,
      steps: 2,
      learningRate: 0.01,
      testRows: 5,
      base,
    };
    const rows: object[] = [];
    await sweepRun(run, 'npm run sweep -- test', (message) => {
      if ('row' in message) rows.push(message.row);
    });
    const row = rows[0] as { testLoss: number; requantized: { testLoss: number } };
    assert.notEqual(row.requantized.testLoss, row.testLoss);
    assert.ok(Math.abs(row.requantized.testLoss - row.testLoss) < 0.1 * row.testLoss);
  });
});
