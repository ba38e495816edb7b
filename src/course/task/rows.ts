import { type Check, checkSolver } from './check-solution';
import { type DrawOptions, drawProblems, type Problem } from './problem';
import { formatSolution } from './solution';

/** The three roles; each is one adapter on the same base. */
export const ROLES = ['solver', 'critic', 'reviser'] as const;
export type Role = (typeof ROLES)[number];

/**
 * One text to learn from: the model sees `prompt` and must write `completion`, whose newline ends
 * it. The space between them belongs to the completion: tokenizers join it to the word after it.
 * Example: `Ann has 3 bags of 4 nuts and finds 5 more. How many now?\nS:`, then ` 3*4=12, ...`.
 */
export interface Row {
  readonly prompt: string;
  readonly completion: string;
  readonly problem: Problem;
}

/** Example: `Ann has 3 nuts and doubles them. How many now?\nS:`. */
export function solverPrompt(question: string): string {
  return `${question}\nS:`;
}

/**
 * Draws different problems with their solutions.
 * @throws ArgumentError if the split is unknown, the seed not an integer or the count not a
 *   positive one
 */
export function solverRows(options: DrawOptions): Row[] {
  return drawProblems(options).map(solverRow);
}

/** Makes the row of a problem and its solution. */
export function solverRow(problem: Problem): Row {
  const completion = ` ${formatSolution(problem)}\n`;
  return { prompt: solverPrompt(problem.question), completion, problem };
}

/** Checks a completion that a model wrote after a row's prompt, with or without its first space. */
export function checkRow({ problem }: Row, written: string): Check {
  return checkSolver(problem, written.replace(/^ /, ''));
}
