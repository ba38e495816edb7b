import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatCritique, parseCritique } from './critique';
import { SPLITS } from './problem';
import { checkRow, solverRows } from './rows';

const rows = solverRows({ split: 'train', seed: 5, count: 10_000 });
const step = fc.integer({ min: 1, max: 9 });
const critiques = fc.oneof(
  step.map((steps) => ({ verdict: 'right', steps }) as const),
  step.map((wrong) => ({ verdict: 'wrong', step: wrong }) as const),
);

describe('a row', () => {
  test('has a completion that its check accepts, with and without the newline', () => {
    for (const row of rows) {
      assert.deepEqual(checkRow(row, row.completion), { ok: true });
      assert.deepEqual(checkRow(row, row.completion.trimEnd()), { ok: true });
    }
  });

  test('has one newline, at the end of its completion', () => {
    for (const { completion } of rows) {
      assert.equal(completion.indexOf('\n'), completion.length - 1);
    }
  });

  test('refuses a critique as its completion', () => {
    for (const row of rows.slice(0, 100)) {
      const check = checkRow(row, '1 ok, right');
      assert.ok(!check.ok && check.reason === 'unparsable');
    }
  });

  test('reads like this', () => {
    assert.equal(rows[1]?.prompt, 'Tom has 22 pens, sells 6 and sells 10. How many now?\nS:');
    assert.equal(rows[1]?.completion, ' 22-6=16, 16-10=6, so 6\n');
  });

  test('is the same for the same seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom(...SPLITS), (seed, split) => {
        const options = { split, seed, count: 6 };
        assert.deepEqual(solverRows(options), solverRows(options));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a critique', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(critiques, (written) => {
        assert.deepEqual(parseCritique(formatCritique(written)), written);
      }),
    );
  });

  for (const text of ['', 'wrong', 'right', '2 wrong', '1 ok, 2 ok', '1 ok,2 wrong', '1 wrong.']) {
    test(`is not ${JSON.stringify(text)}`, () => assert.equal(parseCritique(text), undefined));
  }
});
