import { calculate, formatStep, isSameStep } from './equation';
import type { Problem } from './problem';
import { parseSolution, type Solution } from './solution';

/** The result of a check; the message says what was expected and what was given. */
export type Check = { readonly ok: true } | Unparsable | Mistake;

/** A text that is not in the format of a solution. */
interface Unparsable {
  readonly ok: false;
  readonly reason: 'unparsable';
  readonly message: string;
}

/** The first mistake in a solution; `step` counts from 1, a wrong answer is one after the last. */
interface Mistake {
  readonly ok: false;
  readonly reason: 'wrong step' | 'wrong answer';
  readonly step: number;
  readonly message: string;
}

/**
 * Checks that a text solves a problem: every step of the story, in its order, and the answer.
 * The operands of + and * may change places. Other ways to the same answer do not count, since the
 * critic names steps by their number.
 * Example of a text: `3*4=12, 12+5=17, so 17`, with or without a newline at its end.
 */
export function checkSolver(problem: Problem, text: string): Check {
  const solution = parseSolution(text);
  return solution ? (findMistake(problem, solution) ?? { ok: true }) : unparsable(text);
}

/**
 * Checks a solution to a question of which only the answer is known: the arithmetic of each step,
 * then the answer. A wrong plan shows only in its answer.
 */
export function checkAnswer(answer: number, text: string): Check {
  const solution = parseSolution(text);
  if (!solution) return unparsable(text);
  for (const [i, step] of solution.steps.entries()) {
    const value = calculate(step.left, step.operation, step.right);
    if (step.value !== value) return wrongStep(i, formatStep({ ...step, value }), formatStep(step));
  }
  return solution.answer === answer ? { ok: true } : wrongAnswer(answer, solution);
}

function unparsable(text: string): Unparsable {
  const message = `a solution must read like "3*4=12, 12+5=17, so 17", got ${JSON.stringify(text)}`;
  return { ok: false, reason: 'unparsable', message };
}

/** Finds the first step that differs, is missing or is surplus; then compares the answer. */
function findMistake(problem: Problem, solution: Solution): Mistake | undefined {
  const { steps } = solution;
  const length = Math.max(problem.steps.length, steps.length);
  for (let i = 0; i < length; i++) {
    const [expected, given] = [problem.steps[i], steps[i]];
    if (expected && given && isSameStep(expected, given)) continue;
    const [must, got] = [expected, given].map((step) => step && formatStep(step));
    return wrongStep(i, must, got);
  }
  return solution.answer === problem.answer ? undefined : wrongAnswer(problem.answer, solution);
}

/** @param index counts from 0 */
function wrongStep(index: number, must = 'none', got = 'none'): Mistake {
  const step = index + 1;
  const message = `step ${step} must be ${must}, got ${got}`;
  return { ok: false, reason: 'wrong step', step, message };
}

function wrongAnswer(expected: number, { steps, answer }: Solution): Mistake {
  const message = `the answer must be ${expected}, got ${answer}`;
  return { ok: false, reason: 'wrong answer', step: steps.length + 1, message };
}
