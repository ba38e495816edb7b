import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ArgumentError } from '../../tensor/errors';
import { calculate, type Operation } from './equation';
import { pretrainText } from './pretrain-text';
import { drawProblems, type Split, SPLITS } from './problem';
import { formatSolution } from './solution';

const text = pretrainText(3, 50_000);
const lines = text.split('\n').slice(0, -1);
const problems = SPLITS.flatMap((split) => drawProblems({ split, seed: 1, count: 5000 }));
const EQUATION = /(-?\d+)([-+*])(-?\d+)=(-?\d+)/g;

describe('the pretraining text', () => {
  test('has as many lines as asked for, none of them long', () => {
    assert.equal(lines.length, 50_000);
    assert.ok(lines.every((line) => line.length > 0 && line.length <= 85));
  });

  test('uses every word and number of the problems', () => {
    const known = new Set(text.match(/[A-Za-z]+|\d+/g));
    const words = problems.flatMap(({ question }) => question.match(/[A-Za-z]+|\d+/g) ?? []);
    assert.deepEqual(
      [...new Set(words)].filter((word) => !known.has(word)),
      [],
    );
  });

  test('has no role mark and no end of a solution', () => {
    assert.doesNotMatch(text, /\b[SCR]:|\bso \d/);
  });

  test('has no verdict: who is right or wrong, and no number beside it', () => {
    const verdicts = lines.filter((line) => /\b(ok|right|wrong)\b/.test(line));
    assert.ok(verdicts.length > 500);
    for (const line of verdicts) assert.match(line, /^\w+ is \w+, so \w+ is \w+\.$/);
  });

  test('works out one thing at most in a line with words, never a story', () => {
    const worked = lines.filter((line) => line.includes('=') && /[a-z]/i.test(line));
    assert.ok(worked.length > 5000);
    for (const line of worked) {
      assert.match(line, /^[^.?=:]*: \d+[-+*]\d+=\d+\.$/);
      assert.ok((line.replace(/:.*/, '').match(/\d+/g) ?? []).length <= 2, line);
    }
  });

  test('has no question of a problem: those follow their story in the same line', () => {
    for (const { question } of problems) assert.match(question, /^[^?]+\. How many [^?]*\?$/);
    for (const line of lines.filter((one) => /How|\?/.test(one))) {
      assert.match(line, /^How [^.?]*\?( How [^.?]*\?)?$/);
    }
  });

  test('has no line that is the steps of a problem of validation or test', () => {
    const steps = (split: Split): Set<string> =>
      new Set(
        drawProblems({ split, seed: 2, count: 10_000 }).map((problem) =>
          formatSolution(problem).replace(/, so \d+$/, ''),
        ),
      );
    const shared = (split: Split): number => {
      const known = steps(split);
      return lines.filter((line) => known.has(line)).length;
    };
    assert.deepEqual([shared('validation'), shared('test')], [0, 0]);
    assert.ok(shared('train') > 100);
  });

  test('has true equations only, within 50', () => {
    let count = 0;
    for (const [, left, operation, right, value] of text.matchAll(EQUATION)) {
      const truth = calculate(Number(left), operation as Operation, Number(right));
      assert.equal(`${truth}`, value);
      assert.ok(Math.abs(truth) <= 50);
      count++;
    }
    assert.ok(count > 25_000);
  });

  test('has true sayings and outcomes only', () => {
    const patterns: [RegExp, (a: number, b: number) => number][] = [
      [/^(\d+) more than (\d+) is (\d+)\.$/gm, (a, b) => b + a],
      [/^(\d+) fewer than (\d+) is (\d+)\.$/gm, (a, b) => b - a],
      [/^(\d+) (?:times as many as|\w+ of) (\d+) is (\d+)\.$/gm, (a, b) => b * a],
      [/has (\d+) \w+ and (?:finds|buys|gets|wins) (\d+).*Now \w+ has (\d+)\.$/gm, (a, b) => a + b],
      [/has (\d+) .*(?:loses|sells|uses|away) (\d+)\. Now \w+ has (\d+)\.$/gm, (a, b) => a - b],
    ];
    for (const [pattern, outcome] of patterns) {
      const found = [...text.matchAll(pattern)];
      assert.ok(found.length > 300, `${pattern}: ${found.length}`);
      for (const [, a, b, value] of found)
        assert.equal(outcome(Number(a), Number(b)), Number(value));
    }
  });
});

describe('its seed', () => {
  test('gives the same text again, and another seed another', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        assert.equal(pretrainText(seed, 50), pretrainText(seed, 50));
        assert.notEqual(pretrainText(seed, 50), pretrainText(seed === 0 ? 1 : -seed, 50));
      }),
    );
  });

  test('and count are checked', () => {
    for (const [seed, count] of [
      [0.5, 1],
      [NaN, 1],
      [1, 0],
      [1, 2.5],
    ] as const) {
      assert.throws(() => pretrainText(seed, count), ArgumentError);
    }
  });
});
