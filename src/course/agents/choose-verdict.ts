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

/** A different solution, whoever wrote it. */
export interface Candidate {
  readonly solution: Solution;
  /** the first step that wrote it, counted from 0 */
  readonly by: number;
  /** the weights of the steps that wrote it */
  votes: number;
  /** the critic's probability that it is right; 1 until it has spoken */
  confidence: number;
  critique?: Critique;
}

/** What a solution counts by who wrote it. */
const VOTES = { solver: 1, reviser: 0.5 };

/** The different solutions that the steps of these roles wrote, and what the critic says of them. */
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
 * argmax over the different solutions of votes · √confidence: what was written often and what the
 * critic believes; without a critic the majority. Of equals the one written first. The root and the
 * reviser's half vote did best on problems of the validation set: a critic taken at its word, who
 * may be sure and wrong, overrules too many.
 * @param roles whose steps count: what the verdict would have been without the others
 * @returns null where nobody wrote a solution
 */
export function chooseVerdict(
  steps: readonly TraceStep[],
  roles: readonly Role[] = ROLES,
): Verdict | null {
  // A critic may have judged what only a role wrote that does not count.
  const candidates = candidatesOf(steps, roles).filter(({ votes }) => votes > 0);
  const weightOf = ({ votes, confidence }: Candidate) => votes * Math.sqrt(confidence);
  const total = candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  const [first, ...others] = candidates;
  if (!first) return null;
  const best = others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
  const share = total > 0 ? weightOf(best) / total : 0;
  return { text: formatSolution(best.solution), by: best.by, share };
}
