import { type Check, checkReviser, checkSolver } from './check-solution';
import { corrupt, type Corruption } from './corrupt';
import { checkCritic, type Critique, formatCritique, judge } from './critique';
import { type DrawOptions, drawProblems, type Problem } from './problem';
import { Draw } from './seeded-draw';
import { formatSolution, type Solution } from './solution';

/** The three roles; each is one adapter on the same base. */
export const ROLES = ['solver', 'critic', 'reviser'] as const;
export type Role = (typeof ROLES)[number];

/**
 * One text to learn from: the model sees `prompt` and must write `completion`, whose newline is
 * the sign to stop. The space between them belongs to the completion: tokenizers join it to the
 * word behind.
 */
interface Text {
  readonly prompt: string;
  readonly completion: string;
  readonly problem: Problem;
}

/** Prompt `Ann has 3 bags of 4 nuts and finds 5 more. How many now?\nS:`, then ` 3*4=12, ...`. */
export interface SolverRow extends Text {
  readonly role: 'solver';
}

/** A problem and what somebody made of it. */
export interface Attempted {
  readonly problem: Problem;
  readonly attempt: Solution;
  /** how the attempt was spoilt; null where it was not, right or a mistake of its own */
  readonly corruption: Corruption | null;
}

/** The solver's prompt and an attempt, then `\nC:`, then ` 1 ok, 2 wrong`. */
export interface CriticRow extends Text, Attempted {
  readonly role: 'critic';
}

/** The critic's prompt and a critique, then `\nR:`, then the right solution. */
export interface ReviserRow extends Text, Attempted {
  readonly role: 'reviser';
}

export type Row = SolverRow | CriticRow | ReviserRow;

/** Example: `Ann has 3 nuts and doubles them. How many now?\nS:`. */
export function solverPrompt(question: string): string {
  return `${question}\nS:`;
}

/** Example: `...How many now?\nS: 3*4=12, 12-5=7, so 7\nC:`. */
export function criticPrompt(question: string, attempt: Solution): string {
  return `${solverPrompt(question)} ${formatSolution(attempt)}\nC:`;
}

/** Example: `...How many now?\nS: 3*4=12, 12-5=7, so 7\nC: 1 ok, 2 wrong\nR:`. */
export function reviserPrompt(question: string, attempt: Solution, critique: Critique): string {
  return `${criticPrompt(question, attempt)} ${formatCritique(critique)}\nR:`;
}

/**
 * Different problems with their solutions. The same options give every role the same problems.
 * @throws TaskError if the split is unknown, the seed no integer or the count not positive
 */
export function solverRows(options: DrawOptions): SolverRow[] {
  return drawProblems(options).map(solverRow);
}

/** A problem with its solution. */
export function solverRow(problem: Problem): SolverRow {
  return {
    role: 'solver',
    prompt: solverPrompt(problem.question),
    completion: ` ${formatSolution(problem)}\n`,
    problem,
  };
}

/**
 * Attempts, every other one right and the rest corrupted, with their true critique.
 * @throws TaskError if the split is unknown, the seed no integer or the count not positive
 */
export function criticRows(options: DrawOptions): CriticRow[] {
  return drawAttempts(options).map((attempted) => ({
    role: 'critic',
    prompt: criticPrompt(attempted.problem.question, attempted.attempt),
    completion: ` ${formatCritique(judge(attempted.problem, attempted.attempt))}\n`,
    ...attempted,
  }));
}

/**
 * Attempts with their true critique, every other one right and to be written again as it is, the
 * rest corrupted and to be put right.
 * @throws TaskError if the split is unknown, the seed no integer or the count not positive
 */
export function reviserRows(options: DrawOptions): ReviserRow[] {
  return drawAttempts(options).map((row) => ({
    role: 'reviser',
    prompt: reviserPrompt(row.problem.question, row.attempt, judge(row.problem, row.attempt)),
    completion: ` ${formatSolution(row.problem)}\n`,
    ...row,
  }));
}

/** What a model wrote after a row's prompt, its first space included, checked as its role demands. */
export function checkRow(row: Row, written: string): Check {
  const text = written.replace(/^ /, '');
  switch (row.role) {
    case 'solver':
      return checkSolver(row.problem, text);
    case 'critic':
      return checkCritic(row.problem, row.attempt, text);
    case 'reviser':
      return checkReviser(row.problem, text);
  }
}

function drawAttempts(options: DrawOptions): Attempted[] {
  const draw = new Draw(options.seed, `attempts ${options.split}`);
  return drawProblems(options).map((problem, i) => {
    const { steps, answer } = problem;
    if (i % 2 === 0) return { problem, attempt: { steps, answer }, corruption: null };
    return { problem, ...corrupt(draw, problem) };
  });
}
