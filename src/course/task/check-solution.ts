import { formatStep, isSameStep } from './equation';
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
  if (solution) return findMistake(problem, solution) ?? { ok: true };
  const message = `a solution must read like "3*4=12, 12+5=17, so 17", got ${JSON.stringify(text)}`;
  return { ok: false, reason: 'unparsable', message };
}

/** Finds the first step that differs, is missing or is surplus; then compares the answer. */
function findMistake(problem: Problem, { steps, answer }: Solution): Mistake | undefined {
  const length = Math.max(problem.steps.length, steps.length);
  for (let i = 0; i < length; i++) {
    const [expected, given] = [problem.steps[i], steps[i]];
    if (expected && given && isSameStep(expected, given)) continue;
    const [must, got] = [expected, given].map((step) => (step ? formatStep(step) : 'none'));
    return wrong('wrong step', i + 1, `step ${i + 1} must be ${must}, got ${got}`);
  }
  if (answer === problem.answer) return undefined;
  return wrong('wrong answer', length + 1, `the answer must be ${problem.answer}, got ${answer}`);
}

function wrong(reason: Mistake['reason'], step: number, message: string): Mistake {
  return { ok: false, reason, step, message };
}
