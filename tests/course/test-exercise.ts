import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Exercise, judge, todo } from '../../src/course/judge';
import { memory, useAccelerator } from '../../src/tensor/runtime';
import { someOf } from '../some-of';

type Functions<S> = {
  [Name in keyof S]: S[Name] extends (...args: infer A) => unknown
    ? (...args: A) => unknown
    : never;
};

/** Answers, each by words its verdict must hold; functions left out are the solution's. */
export type Answers<S> = Record<string, Partial<Functions<S>>>;

/** For the unit tests of the exercises: the solution passes, and each wrong answer is told why. */
export function testExercise<S extends object>(
  exercise: Exercise,
  solution: S,
  wrong: Answers<S>,
): void {
  void describe(`exercise ${exercise.id}`, () => {
    before(() => useAccelerator());

    void test('the solution passes on any seed, and the check leaks nothing', async () => {
      const tensors = memory().tensors;
      for (const seed of [1, 2, 3]) {
        const { state, message, notes } = await verdictOn(exercise, solution, {}, seed);
        assert.equal(state, 'passed', message);
        assert.deepEqual(notes, []);
      }
      assert.equal(memory().tensors, tensors);
    });

    for (const { name } of exercise.parts) {
      void test(`${name} as it comes is not attempted, and missing it is not defined`, async () => {
        const untouched = await verdictOn(exercise, solution, { [name]: todo }, 1);
        assert.equal(untouched.state, 'not attempted');
        const missing = await verdictOn(exercise, solution, { [name]: undefined }, 1);
        assert.equal(missing.state, 'not defined');
        assert.ok(missing.message.includes(`function ${name}(`), missing.message);
      });

      void test(`${name} may not be async`, async () => {
        const own = (solution as Record<string, (...args: unknown[]) => unknown>)[name];
        // eslint-disable-next-line @typescript-eslint/require-await
        const answers = { [name]: async (...args: unknown[]) => own?.(...args) };
        const { state, message, findings } = await verdictOn(exercise, solution, answers, 1);
        assert.equal(state, 'failed');
        assert.equal(message, `${name}: returns a Promise: leave out async.`);
        assert.equal(findings[0]?.got, 'a Promise');
      });
    }

    assert.ok(Object.keys(wrong).length >= 8);
    for (const [mistake, answers] of someOf(Object.entries(wrong), 3)) {
      void test(`a wrong answer is told: ${mistake}`, async () => {
        for (const seed of [4, 5]) {
          const { state, message, findings } = await verdictOn(exercise, solution, answers, seed);
          assert.equal(state, 'failed', message);
          assert.ok(message.includes(mistake), message);
          assert.ok(findings.some(({ passed }) => !passed));
        }
      });
    }
  });
}

/** Tests that right answers which leak pass, each with the note that it is listed by. */
export function testLeaks<S extends object>(
  exercise: Exercise,
  solution: S,
  leaking: Answers<S>,
): void {
  void describe(`exercise ${exercise.id}, answers that leak`, () => {
    before(() => useAccelerator());

    for (const [note, answers] of Object.entries(leaking)) {
      void test(`passes with a note: ${note}`, async () => {
        const { state, message, notes } = await verdictOn(exercise, solution, answers, 4);
        assert.equal(state, 'passed', message);
        assert.equal(notes?.length, 1);
        assert.ok(notes[0]?.startsWith(`${note}: `), notes[0]);
      });
    }
  });
}

function verdictOn(exercise: Exercise, solution: object, answers: object, seed: number) {
  const all = { ...solution, ...answers } as Record<string, unknown>;
  return judge(exercise, (name) => all[name], { seed, seconds: 20 });
}
