import {
  type Critique,
  formatSolution,
  parseCritique,
  parseSolution,
  type Role,
  ROLES,
  type Solution,
} from '../task';
import type { TraceStep, Verdict } from './trace';

/** A solution, and all that was said of it. */
export interface Candidate {
  readonly solution: Solution;
  /** the first step that wrote it, counted from 0 */
  readonly by: number;
  /** the weights of the steps that wrote it */
  votes: number;
  /** the critic's probability that it is right; 1 before it is judged */
  confidence: number;
  critique?: Critique;
}

/** The votes of a solution by the role that wrote it. */
const VOTES = { solver: 1, reviser: 0.5 };

/** Lists the different solutions of these roles' steps, with the critic's verdict on each. */
export function candidatesOf(
  steps: readonly TraceStep[],
  roles: readonly Role[] = ROLES,
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const [index, { role, text, about, confidence }] of steps.entries()) {
    if (!roles.includes(role)) continue;
    const solution = parseSolution(role === 'critic' ? (steps[about ?? -1]?.text ?? '') : text);
    if (!solution) continue;
    const name = formatSolution(solution);
    const known = candidates.get(name) ?? { solution, by: index, votes: 0, confidence: 1 };
    candidates.set(name, known);
    if (role !== 'critic') known.votes += VOTES[role];
    else Object.assign(known, { confidence, critique: parseCritique(text) });
  }
  return [...candidates.values()];
}

/**
 * Chooses the solution with the largest votes · √confidence, the one written first among equals.
 * Without a critic that is the majority. The square root and the reviser's half vote did best on
 * the validation set: a critic can be sure and wrong, and at full weight it overrules too many.
 * @param roles the roles whose steps count, for the verdict without the others
 * @returns null if nobody wrote a solution
 */
export function chooseVerdict(
  steps: readonly TraceStep[],
  roles: readonly Role[] = ROLES,
): Verdict | null {
  // The critic may have judged a solution that only a role outside `roles` wrote.
  const candidates = candidatesOf(steps, roles).filter(({ votes }) => votes > 0);
  const weightOf = ({ votes, confidence }: Candidate) => votes * Math.sqrt(confidence);
  const total = candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  const [first, ...others] = candidates;
  if (!first) return null;
  const best = others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
  const share = total > 0 ? weightOf(best) / total : 0;
  return { text: formatSolution(best.solution), by: best.by, share };
}
