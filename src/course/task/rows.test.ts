import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkCritic, formatCritique, parseCritique } from './critique';
import { SPLITS } from './problem';
import { checkRow, criticRows, reviserRows, type Row, solverRows } from './rows';
import { parseSolution } from './solution';

const options = { split: 'train', seed: 5, count: 10_000 } as const;
const ROWS = {
  solver: solverRows(options),
  critic: criticRows(options),
  reviser: reviserRows(options),
};
const step = fc.integer({ min: 1, max: 9 });
const critiques = fc.oneof(
  step.map((steps) => ({ verdict: 'right', steps }) as const),
  step.map((wrong) => ({ verdict: 'wrong', step: wrong }) as const),
);

for (const [role, rows] of Object.entries(ROWS) as [keyof typeof ROWS, Row[]][]) {
  describe(`the rows of the ${role}`, () => {
    test('hold completions that their own check accepts, with and without the newline', () => {
      for (const row of rows) {
        assert.deepEqual(checkRow(row, row.completion), { ok: true });
        assert.deepEqual(checkRow(row, row.completion.trimEnd()), { ok: true });
      }
    });

    test('end at their only sign to stop', () => {
      for (const { completion } of rows) {
        assert.equal(completion.indexOf('\n'), completion.length - 1);
      }
    });

    test('refuse what another role would write', () => {
      const other = role === 'critic' ? '1+2=3, so 3' : '1 ok, right';
      for (const row of rows.slice(0, 100)) {
        const check = checkRow(row, other);
        assert.ok(!check.ok && check.reason === 'unparsable');
      }
    });
  });
}

describe('the three roles', () => {
  test('see the same problems for the same options', () => {
    ROWS.solver.forEach(({ problem }, i) => {
      assert.deepEqual(ROWS.critic[i]?.problem, problem);
      assert.deepEqual(ROWS.reviser[i]?.problem, problem);
    });
  });

  test('read like this', () => {
    const question = 'Tom has 22 pens, sells 6 and sells 10. How many now?';
    const attempt = '22-6=16, 16-11=5, so 5';
    const solution = '22-6=16, 16-10=6, so 6\n';
    const texts = [ROWS.solver[1], ROWS.critic[1], ROWS.reviser[1]].map((row) => [
      row?.prompt,
      row?.completion,
    ]);
    assert.deepEqual(texts, [
      [`${question}\nS:`, ` ${solution}`],
      [`${question}\nS: ${attempt}\nC:`, ' 1 ok, 2 wrong\n'],
      [`${question}\nS: ${attempt}\nC: 1 ok, 2 wrong\nR:`, ` ${solution}`],
    ]);
  });

  test('give the same rows for the same seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom(...SPLITS), (seed, split) => {
        for (const rows of [solverRows, criticRows, reviserRows]) {
          assert.deepEqual(rows({ split, seed, count: 6 }), rows({ split, seed, count: 6 }));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the attempts of critic and reviser', () => {
  test('are right in every other row, and the critique says so', () => {
    ROWS.critic.forEach(({ corruption, completion }, i) => {
      assert.equal(corruption === null, i % 2 === 0);
      assert.equal(completion.endsWith('right\n'), i % 2 === 0);
    });
  });

  test('are told the first step that differs from the solution', () => {
    /** The parts of a solution, the operands of + and * in one order. */
    const parts = (text: string): string[] =>
      text
        .split(', ')
        .map((part) =>
          part.replace(
            /^(-?\d+)([+*])(-?\d+)/,
            (_, left: string, operation: string, right: string) =>
              [left, right].sort().join(operation),
          ),
        );
    for (const { prompt, completion } of ROWS.reviser) {
      const [, attempt = '', critique] = prompt.split('\n');
      const [written, right] = [parts(attempt.slice(3)), parts(completion.trim())];
      const differs = right.findIndex((part, i) => part !== written[i]);
      const ok = differs === -1 ? right.length - 1 : differs;
      const end = differs === -1 ? 'right' : `${ok + 1} wrong`;
      assert.equal(critique, `C: ${[...['1 ok', '2 ok', '3 ok'].slice(0, ok), end].join(', ')}`);
    }
  });
});

describe('the critic check', () => {
  const [row] = ROWS.critic.filter(({ completion }) => completion === ' 1 ok, 2 wrong\n');
  assert.ok(row);
  const faults = {
    unparsable: ['', 'wrong', 'right', '2 wrong', '1 ok, 2 ok', '1 ok,2 wrong', '1 ok, 2 wrong.'],
    'wrong verdict': ['1 ok, right', '1 ok, 2 ok, right'],
    'wrong step named': ['1 wrong', '1 ok, 2 ok, 3 wrong'],
  };
  for (const [reason, texts] of Object.entries(faults)) {
    for (const text of texts) {
      test(`finds ${JSON.stringify(text)} ${reason}`, () => {
        const check = checkRow(row, text);
        assert.ok(!check.ok && check.reason === reason, JSON.stringify(check));
      });
    }
  }

  test('counts a missing step and a wrong answer as the step after the last', () => {
    const { problem } = row;
    const { steps, answer } = problem;
    const after = `${steps.map((_, i) => `${i + 1} ok`).join(', ')}, ${steps.length + 1} wrong`;
    assert.deepEqual(checkCritic(problem, { steps, answer: answer + 1 }, after), { ok: true });
    const short = { steps: steps.slice(0, 1), answer: steps[0]?.value ?? NaN };
    assert.deepEqual(checkCritic(problem, short, '1 ok, 2 wrong'), { ok: true });
  });

  test('reads back what is written, and the attempt of every prompt', () => {
    fc.assert(
      fc.property(critiques, (written) => {
        assert.deepEqual(parseCritique(formatCritique(written)), written);
      }),
    );
    for (const { prompt, attempt } of ROWS.critic) {
      assert.deepEqual(parseSolution(prompt.split('\n')[1]?.slice(3) ?? ''), attempt);
    }
  });
});
