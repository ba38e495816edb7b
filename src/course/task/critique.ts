import { type Check, findMistake } from './check-solution';
import type { Problem } from './problem';
import type { Solution } from './solution';

/** A verdict on an attempt; `step` counts from 1 and is the first wrong one. */
export type Critique =
  | { readonly verdict: 'right'; readonly steps: number }
  | { readonly verdict: 'wrong'; readonly step: number };

/**
 * The true critique of an attempt. A step that is missing, and an answer that is not the last
 * step's value, count as the step after the last one written.
 */
export function judge(problem: Problem, attempt: Solution): Critique {
  const mistake = findMistake(problem, attempt);
  if (mistake) return { verdict: 'wrong', step: mistake.step };
  return { verdict: 'right', steps: attempt.steps.length };
}

/** Examples: `1 ok, 2 ok, right` and `1 ok, 2 wrong`. */
export function formatCritique(critique: Critique): string {
  const [ok, end] =
    critique.verdict === 'right'
      ? [critique.steps, 'right']
      : [critique.step - 1, `${critique.step} wrong`];
  return [...Array.from({ length: ok }, (_, i) => `${i + 1} ok`), end].join(', ');
}

/** The inverse of `formatCritique`, with or without a newline; undefined for any other text. */
export function parseCritique(text: string): Critique | undefined {
  const line = text.replace(/\n$/, '');
  const steps = line.split(', ').length - 1;
  const critiques: Critique[] = [
    { verdict: 'right', steps },
    { verdict: 'wrong', step: steps + 1 },
  ];
  return critiques.find((critique) => line !== 'right' && formatCritique(critique) === line);
}

/**
 * Whether a text is the true critique of an attempt: the verdict, and the first wrong step.
 * Example of a text: `1 ok, 2 wrong`, with or without a newline at its end.
 */
export function checkCritic(problem: Problem, attempt: Solution, text: string): Check {
  const given = parseCritique(text);
  if (!given) {
    const message = `a critique must read like "1 ok, 2 wrong", got ${JSON.stringify(text)}`;
    return { ok: false, reason: 'unparsable', message };
  }
  const expected = judge(problem, attempt);
  const [must, got] = [expected, given].map(formatCritique);
  if (must === got) return { ok: true };
  const reason = expected.verdict === given.verdict ? 'wrong step named' : 'wrong verdict';
  return { ok: false, reason, message: `the critique must be "${must}", got "${got}"` };
}
