import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkSolver } from './check-solution';
import { corrupt, corruptedAttempts, CORRUPTIONS } from './corrupt';
import { calculate } from './equation';
import { drawProblems, type Problem } from './problem';
import { Draw } from './seeded-draw';
import { formatSolution } from './solution';

const problems = drawProblems({ split: 'train', seed: 11, count: 2000 });
const texts = (problem: Problem, corruption: (typeof CORRUPTIONS)[number]): string[] =>
  corruptedAttempts(problem, corruption).map(formatSolution);

/** `Tom has 20 pens, loses 6 and doubles them.` */
const problem: Problem = {
  kind: 'changes',
  question: 'Tom has 20 pens, loses 6 and doubles them. How many now?',
  plan: [
    { left: 20, operation: '-', right: 6 },
    { left: { step: 0 }, operation: '*', right: 2 },
  ],
  steps: [
    { left: 20, operation: '-', right: 6, value: 14 },
    { left: 14, operation: '*', right: 2, value: 28 },
  ],
  answer: 28,
};

describe('every corrupted attempt', () => {
  test('fails the check, with another answer, and goes on from its mistake', () => {
    for (const drawn of problems) {
      for (const corruption of CORRUPTIONS) {
        for (const attempt of corruptedAttempts(drawn, corruption)) {
          const check = checkSolver(drawn, formatSolution(attempt));
          assert.ok(!check.ok && check.reason === 'wrong step', formatSolution(attempt));
          assert.notEqual(attempt.answer, drawn.answer);
          assert.equal(attempt.answer, attempt.steps.at(-1)?.value);
          const untrue = attempt.steps.filter(
            ({ left, operation, right, value }) => calculate(left, operation, right) !== value,
          );
          assert.ok(untrue.length <= (corruption === 'digit' ? 1 : 0));
          assert.ok(attempt.steps.every(({ value }) => Math.abs(value) <= 50));
        }
      }
    }
  });

  test('is one step short where a step is dropped, and complete otherwise', () => {
    for (const drawn of problems) {
      for (const corruption of CORRUPTIONS) {
        const missing = corruption === 'dropped' ? 1 : 0;
        for (const { steps } of corruptedAttempts(drawn, corruption)) {
          assert.equal(steps.length, drawn.steps.length - missing);
        }
      }
    }
  });
});

describe('a mistake in', () => {
  test('the operation', () => {
    // 20+6=26 would go on to 26*2=52, which is too large.
    assert.deepEqual(texts(problem, 'operation'), [
      '20-6=14, 14+2=16, so 16',
      '20-6=14, 14-2=12, so 12',
    ]);
  });

  test('the order of operands', () => {
    assert.deepEqual(texts(problem, 'order'), ['6-20=-14, -14*2=-28, so -28']);
  });

  test('a dropped step', () => {
    assert.deepEqual(texts(problem, 'dropped'), ['20*2=40, so 40', '20-6=14, so 14']);
  });

  test('a digit of a value or of a number of the story', () => {
    const digits = texts(problem, 'digit');
    assert.ok(digits.includes('20-6=15, 15*2=30, so 30'));
    assert.ok(digits.includes('20-6=14, 14*2=29, so 29'));
    assert.ok(digits.includes('21-6=15, 15*2=30, so 30'));
    assert.ok(digits.includes('20-6=14, 14*3=42, so 42'));
    assert.ok(!digits.some((text) => text.startsWith('20-6=14, 14*2=28')));
    assert.equal(new Set(digits).size, digits.length);
  });
});

describe('the drawn mistakes', () => {
  test('are of every kind, each as often as problems admit it, at every step', () => {
    const draw = new Draw(1, 'test');
    const drawn = problems.map((one) => ({ one, ...corrupt(draw, one) }));
    for (const corruption of CORRUPTIONS) {
      const share = drawn.filter((row) => row.corruption === corruption).length / drawn.length;
      assert.ok(share > 0.12 && share < 0.35, `${corruption}: ${share}`);
    }
    const steps = drawn.map(({ one, attempt }) => {
      const check = checkSolver(one, formatSolution(attempt));
      return 'step' in check ? check.step : NaN;
    });
    for (const step of [1, 2, 3]) {
      assert.ok(steps.filter((found) => found === step).length / drawn.length > 0.1);
    }
  });

  test('can be had for every problem', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const [one] = drawProblems({ split: 'test', seed, count: 1 });
        assert.ok(one);
        const { attempt } = corrupt(new Draw(seed, 'test'), one);
        assert.equal(checkSolver(one, formatSolution(attempt)).ok, false);
      }),
      { numRuns: 200 },
    );
  });
});
