import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResultRow } from '../../course/shipped';
import type { TrainingMessage } from '../measure';
import {
  isResultOf,
  planSearch,
  planSweep,
  RATES,
  type SearchRun,
  type SweepName,
  type SweepRun,
} from './sweep-plan';
import { sweepRun } from './sweep-run';

const base = '0123456789ab';

/** Rows of a search in which the rate `best` has the lowest loss for each arm. */
function searchRows(name: SweepName, best = 5e-3): ResultRow[] {
  const found = { command: '', commit: '', backend: '', device: '', seconds: 1 };
  return planSearch(name, base).map((run) => {
    const rate = run.method === 'loraplus' ? 4 * run.learningRate : run.learningRate;
    return { ...run, ...found, validationLoss: Math.abs(Math.log(rate / best)) };
  });
}

const plan = (name: SweepName, quick = false) =>
  planSweep(name, { quick, base, searched: searchRows(name) });

describe('the search for learning rates', () => {
  test('tries each arm of a sweep once at each of the same rates', () => {
    const runs = planSearch('rank', base);
    assert.equal(runs.length, (4 + 3 + 1) * RATES.length);
    assert.equal(new Set(runs.map((run) => JSON.stringify(run))).size, runs.length);
    const full = runs.filter(({ method }) => method === 'full');
    assert.deepEqual(
      full.map(({ learningRate }) => learningRate),
      RATES,
    );
    assert.equal(new Set(runs.map(({ seed, steps }) => `${seed} ${steps}`)).size, 1);
  });

  test('uses none of the seeds that a sweep measures', () => {
    const searched = new Set(planSearch('variants', base).map(({ seed }) => seed));
    assert.ok(plan('variants').every(({ seed }) => !searched.has(seed)));
  });

  test('gives LoRA+ rates of A whose geometric mean with those of B, 16 times larger, is RATES', () => {
    const rates = planSearch('variants', base).filter(({ method }) => method === 'loraplus');
    for (const [i, { learningRate }] of rates.entries()) {
      const middle = Math.sqrt(learningRate * (16 * learningRate));
      assert.ok(Math.abs(middle / (RATES[i] ?? NaN) - 1) < 1e-12);
    }
  });

  test('decides the rate of each arm by the lowest loss', () => {
    const searched = searchRows('rank', 2e-2).map((row) =>
      row.method === 'full' && row.learningRate === 1e-3 ? { ...row, validationLoss: -1 } : row,
    );
    for (const run of planSweep('rank', { quick: false, base, searched })) {
      assert.equal(run.learningRate, run.method === 'full' ? 1e-3 : 2e-2);
    }
  });

  test('must have been run for each arm, on this base', () => {
    const searched = searchRows('rank').slice(1);
    for (const options of [
      { searched, base },
      { searched: searchRows('rank'), base: 'another' },
    ]) {
      assert.throws(() => planSweep('rank', { quick: true, ...options }), {
        name: 'ArgumentError',
        message: /learning rate of .* must have been searched .* lacks 0.001/,
      });
    }
  });
});

describe('the plan of a sweep', () => {
  test('has every rank with five seeds, both scales, and full fine-tuning', () => {
    const runs = plan('rank');
    assert.equal(runs.length, 5 * (4 + 3 + 1));
    assert.equal(new Set(runs.map((run) => JSON.stringify(run))).size, runs.length);
    for (const seed of [1, 2, 3, 4, 5]) {
      const own = runs.filter((run) => run.seed === seed);
      const ranks = own.filter(({ method }) => method === 'lora').map(({ r }) => r);
      assert.deepEqual(ranks, [1, 4, 8, 64]);
      assert.equal(own.filter(({ method }) => method === 'full').length, 1);
    }
  });

  test('has rsLoRA at every rank but 8, where both scalings are 4', () => {
    const runs = plan('rank').filter(({ seed }) => seed === 1);
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
      plan('qlora').map(({ method, r, seed }) => [method, r, seed]),
      [1, 2, 3, 4, 5].flatMap((seed) => ['qlora', 'lora'].map((method) => [method, 8, seed])),
    );
  });

  test('varies only the method for variants', () => {
    const runs = plan('variants');
    assert.equal(runs.length, 5 * 5);
    assert.equal(new Set(runs.map(({ method }) => method)).size, 5);
    for (const run of runs) assert.deepEqual([run.r, run.alpha, run.steps], [16, 32, 300]);
  });

  test('has one seed and no rsLoRA at other ranks if it is quick', () => {
    assert.deepEqual(
      plan('rank', true).map(({ r, seed }) => [r, seed]),
      [1, 4, 8, 64, null].map((r) => [r, 1]),
    );
    assert.deepEqual(
      plan('alpha', true).map(({ r, alpha }) => [r, alpha]),
      [8, 16, 32].map((alpha) => [8, alpha]),
    );
  });
});

describe('sweepRun', () => {
  const training = { r: 2, alpha: 3, seed: 4, learningRate: 0.01, base };

  /** The one row that a run tells. */
  async function rowOf(run: SweepRun | SearchRun): Promise<ResultRow> {
    const rows: ResultRow[] = [];
    await sweepRun(run, 'npm run sweep -- test', (message) => {
      if ('row' in message) rows.push(message.row);
    });
    const [row] = rows;
    assert.ok(row && rows.length === 1);
    return row;
  }

  test('reports every step, then a row that isResultOf recognises', async () => {
    const run: SweepRun = { method: 'rslora', ...training, steps: 3, testRows: 5 };
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

  test('measures only the loss on the validation set in a search', async () => {
    const run: SearchRun = { method: 'lora', ...training, steps: 12, validationRows: 5 };
    const row = await rowOf(run);
    assert.ok(isResultOf(row, run));
    assert.ok((row.validationLoss as number) > 0.5);
    assert.ok(!('exactMatch' in row) && !('testLoss' in row));
    const losses = row.trainingLosses as number[];
    assert.equal(losses.length, 10);
    assert.ok((losses[9] as number) < (losses[0] as number));
  });

  test('also measures the merged weights rounded again, for a base in 4 bits', async () => {
    const found: unknown = await rowOf({ method: 'qlora', ...training, steps: 2, testRows: 5 });
    const row = found as { testLoss: number; requantized: { testLoss: number } };
    assert.notEqual(row.requantized.testLoss, row.testLoss);
    assert.ok(Math.abs(row.requantized.testLoss - row.testLoss) < 0.1 * row.testLoss);
  });
});
