import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ArgumentError } from '../../tensor/errors';
import { formatStep } from './equation';
import { drawProblems, type Problem, type Split, splitOf, SPLITS } from './problem';

const draw = (split: Split, count = 10_000, seed = 7): Problem[] =>
  drawProblems({ split, seed, count });
const solved = ({ steps }: Problem): string => steps.map(formatStep).join(', ');

/** Reads a story with patterns of its own and works its answer out. */
function readAnswer(question: string): number {
  const [story = '', ask = ''] = question.split(/\. (?=How)/);
  const people = story.split(/\. |, (?=[A-Z])/).map((person) => person.split(/, | and /));
  const [first = [], second] = people;
  const amount = follow(start(first), first.slice(1));
  if (ask === 'How many more?') {
    return start(first) - follow(start(first.slice(1)), first.slice(2));
  }
  if (!second) return amount;
  const other = follow(start(second, amount), second.slice(1));
  if (ask === 'How many in all?') return amount + other;
  return ask.endsWith(`${question.split(' ')[0]}?`) ? amount - other : other - amount;
}

/** `has 3 bags of 4`, `has 8`, `needs 30`; `5 more` and the like than what another has. */
function start([text = '']: string[], than = NaN): number {
  const [one = NaN, two = NaN] = numbers(text);
  if (/ of /.test(text)) return one * two;
  if (/has \d+ more/.test(text)) return than + one;
  if (/has \d+ fewer/.test(text)) return than - one;
  return /times as many/.test(text) ? than * one : one;
}

function follow(amount: number, texts: string[]): number {
  return texts.reduce((now, text) => {
    const [one = NaN, two = NaN] = numbers(text);
    if (text.includes(' each')) return now - one * two;
    if (/^(finds|buys|gets|wins) /.test(text)) return now + one;
    if (/^(loses|sells|uses|gives away) /.test(text)) return now - one;
    return now * ({ 'doubles them': 2, 'triples them': 3 }[text] ?? NaN);
  }, amount);
}

const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

describe('the problems', () => {
  test('have the answer that another reading of the question gives', () => {
    for (const { question, answer } of SPLITS.flatMap((split) => draw(split))) {
      assert.equal(readAnswer(question), answer, question);
    }
  });

  test('have true steps, two or three, of values from 1 to 50, the last one the answer', () => {
    for (const { steps, answer } of draw('train')) {
      assert.ok(steps.length === 2 || steps.length === 3);
      assert.equal(steps.at(-1)?.value, answer);
      for (const { left, operation, right, value } of steps) {
        const truth = { '+': left + right, '-': left - right, '*': left * right }[operation];
        assert.equal(value, truth);
        assert.ok(value >= 1 && value <= 50, `${value}`);
      }
    }
  });

  test('come in six kinds, with every operation and both lengths, each often', () => {
    const problems = draw('train');
    const share = (has: (problem: Problem) => boolean): number =>
      problems.filter(has).length / problems.length;
    const kinds = new Set(problems.map(({ kind }) => kind));
    assert.equal(kinds.size, 6);
    for (const kind of kinds) assert.ok(Math.abs(share((p) => p.kind === kind) - 1 / 6) < 0.02);
    for (const operation of ['+', '-', '*']) {
      assert.ok(share((p) => p.steps.some((step) => step.operation === operation)) > 0.5);
    }
    for (const length of [2, 3]) assert.ok(share((p) => p.steps.length === length) > 0.4);
  });
});

describe('the splits', () => {
  const drawn = SPLITS.map((split) => draw(split));

  test('share no question and no worked solution in 30,000 problems', () => {
    for (const keyOf of [solved, (problem: Problem) => problem.question]) {
      const sets = drawn.map((problems) => new Set(problems.map(keyOf)));
      const all = new Set(drawn.flat().map(keyOf));
      assert.equal(
        sets.reduce((sum, { size }) => sum + size, 0),
        all.size,
      );
    }
  });

  test('hold each question once and only what belongs to them', () => {
    drawn.forEach((problems, i) => {
      assert.equal(new Set(problems.map(({ question }) => question)).size, 10_000);
      assert.ok(problems.every((problem) => splitOf(problem) === SPLITS[i]));
    });
  });

  test('of a problem are for ever', () => {
    const [left, right] = [3, 4];
    const split = (value: number): Split =>
      splitOf({ steps: [{ left, operation: '*', right, value }] });
    assert.deepEqual([12, 13, 14, 15, 16, 17, 18, 19, 20].map(split), [
      'validation',
      'train',
      'test',
      ...Array<Split>(6).fill('train'),
    ]);
  });
});

describe('a seed', () => {
  test('gives the same problems again, and another seed others', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom(...SPLITS), (seed, split) => {
        assert.deepEqual(draw(split, 20, seed), draw(split, 20, seed));
        assert.notDeepEqual(draw(split, 20, seed), draw(split, 20, seed === 0 ? 1 : -seed));
      }),
      { numRuns: 30 },
    );
  });

  test('gives the same first problems, however many are drawn', () => {
    assert.deepEqual(draw('test', 50), draw('test', 500).slice(0, 50));
  });

  test('gives these problems on every machine', () => {
    assert.deepEqual(
      draw('test', 3, 0).map((problem) => `${problem.question} ${solved(problem)}`),
      [
        'Max has 22 keys. Ann has 8 fewer and buys 3 more. How many in all? ' +
          '22-8=14, 14+3=17, 22+17=39',
        'Zoe has 14 nuts. Max has 6 more and sells 5. How many in all? ' +
          '14+6=20, 20-5=15, 14+15=29',
        'Eva has 16 coins and buys 3 eggs at 2 each. How many are left? 3*2=6, 16-6=10',
      ],
    );
  });

  test('or count that is no such number, and an unknown split, are refused', () => {
    const refused = (options: object): void =>
      assert.throws(
        () => drawProblems({ split: 'test', seed: 1, count: 1, ...options }),
        (error) => error instanceof ArgumentError && /must be/.test(error.message),
      );
    for (const count of [0, -1, 1.5, NaN, Infinity]) refused({ count });
    for (const seed of [0.5, NaN, Infinity]) refused({ seed });
    refused({ split: 'dev' });
  });
});
