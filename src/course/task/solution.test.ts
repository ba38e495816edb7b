import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Check, checkAnswer, checkSolver } from './check-solution';
import { drawProblems, type Problem } from './problem';
import { formatSolution, parseSolution } from './solution';

const integer = fc.integer({ min: -99_999, max: 99_999 });
const step = fc
  .tuple(integer, fc.constantFrom('+', '-', '*'), integer, integer)
  .map(([left, operation, right, value]) => ({ left, operation, right, value }));
const solution = fc
  .tuple(fc.array(step, { minLength: 1, maxLength: 9 }), integer)
  .map(([steps, answer]) => ({ steps, answer }));

describe('a solution', () => {
  test('is read back as it was written, true or not', () => {
    fc.assert(
      fc.property(solution, fc.constantFrom('', '\n'), (written, end) => {
        assert.deepEqual(parseSolution(formatSolution(written) + end), written);
      }),
    );
  });

  test('reads like this', () => {
    const steps = [
      { left: 12, operation: '-', right: 30, value: -18 },
      { left: -18, operation: '*', right: 2, value: -36 },
    ] as const;
    assert.equal(formatSolution({ steps, answer: -36 }), '12-30=-18, -18*2=-36, so -36');
    assert.deepEqual(parseSolution('12-30=-18, -18*2=-36, so -36\n'), { steps, answer: -36 });
  });

  const almost = [
    '',
    'so 3',
    '1+2=3',
    '1+2=3, so',
    '1+2=3 so 3',
    '1+2=3,so 3',
    ' 1+2=3, so 3',
    '1+2=3, so 3 ',
    '1+2=3, so 3\n\n',
    '1+2=3, so 3\nTom',
    '1+2=3, so 3, so 3',
    '1+2=3, so 3.',
    '01+2=3, so 3',
    '1+2=3, so -0',
    '1+2=3, so 123456',
    '1/2=3, so 3',
    '1+2+3=6, so 6',
    '1 + 2=3, so 3',
    '1+2=3,\nso 3',
    `${'1+2=3, '.repeat(10)}so 3`,
  ];
  for (const text of almost) {
    test(`is not ${JSON.stringify(text)}`, () => assert.equal(parseSolution(text), undefined));
  }
});

describe('the check of a solution to a question of which only the answer is known', () => {
  for (const [text, message] of [
    ['3*4=12, 12-5=7, so 7', undefined],
    ['7+0=7, so 7', undefined], // another way to the same answer
    ['3*4=12, 12-5=8, so 7', /step 2 must be 12-5=7, got 12-5=8/],
    ['3+4=7, 7-5=2, so 2', /answer must be 7, got 2/],
    ['3*4=12', /got "3\*4=12"/],
  ] as const) {
    test(`of ${text}`, () => {
      const check = checkAnswer(7, text);
      assert.equal(check.ok, message === undefined);
      if (message) assert.match((check as { message: string }).message, message);
    });
  }
});

describe('the check of a solution', () => {
  const problem: Problem = {
    kind: 'boxes',
    question: 'Ann has 3 bags of 4 nuts and loses 5. How many now?',
    plan: [],
    steps: [
      { left: 3, operation: '*', right: 4, value: 12 },
      { left: 12, operation: '-', right: 5, value: 7 },
    ],
    answer: 7,
  };
  const faults: [text: string, reason: string, step: number | undefined, message: RegExp][] = [
    ['3*4=12', 'unparsable', undefined, /got "3\*4=12"/],
    ['3+4=7, 7-5=2, so 2', 'wrong step', 1, /step 1 must be 3\*4=12, got 3\+4=7/],
    ['3*4=12, 5-12=-7, so -7', 'wrong step', 2, /step 2 must be 12-5=7, got 5-12=-7/],
    ['3*4=12, 12-5=8, so 7', 'wrong step', 2, /got 12-5=8/],
    ['3*4=12, so 12', 'wrong step', 2, /must be 12-5=7, got none/],
    ['12-5=7, so 7', 'wrong step', 1, /got 12-5=7/],
    ['3*4=12, 12-5=7, 7+0=7, so 7', 'wrong step', 3, /must be none, got 7\+0=7/],
    ['3*4=12, 12-5=7, so 8', 'wrong answer', 3, /answer must be 7, got 8/],
  ];
  for (const [text, reason, step, message] of faults) {
    test(`says what is wrong with ${text}`, () => {
      const found: Check = checkSolver(problem, text);
      assert.ok(!found.ok);
      assert.equal(found.reason, reason);
      assert.equal('step' in found ? found.step : undefined, step);
      assert.match(found.message, message);
    });
  }

  test('lets the operands of + and * change places, not those of -', () => {
    assert.deepEqual(checkSolver(problem, '4*3=12, 12-5=7, so 7'), { ok: true });
    assert.equal(checkSolver(problem, '4*3=12, 5-12=7, so 7').ok, false);
  });

  test('finds any single changed character of a true solution', () => {
    const problems = drawProblems({ split: 'train', seed: 3, count: 200 });
    const characters = fc.constantFrom(...'0123456789+-*=, so\n');
    fc.assert(
      fc.property(fc.constantFrom(...problems), fc.nat(), characters, (drawn, where, character) => {
        const text = formatSolution(drawn);
        const i = where % text.length;
        fc.pre(text[i] !== character);
        const changed = text.slice(0, i) + character + text.slice(i + 1);
        assert.equal(checkSolver(drawn, changed).ok, false, changed);
      }),
      { numRuns: 2000 },
    );
  });
});
