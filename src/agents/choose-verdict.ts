import { formatSolution, parseCritique, parseSolution, type Role, ROLES } from '../tasks';
import type { Critique, Solution } from '../tasks';
import type { TraceStep, Verdict } from './trace';

/** A different solution, whoever wrote it. */
export interface Candidate {
  readonly solution: Solution;
  /** the first step that wrote it, counted from 0 */
  readonly by: number;
  /** how many steps wrote it */
  votes: number;
  /** the critic's probability that it is right; 1 until it has spoken */
  confidence: number;
  critique?: Critique;
}

/** The different solutions that some steps wrote, and what the critic says of them. */
export function candidatesOf(steps: readonly TraceStep[]): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const [index, { role, text, about, confidence }] of steps.entries()) {
    const solution = parseSolution(role === 'critic' ? (steps[about ?? -1]?.text ?? '') : text);
    if (!solution) continue;
    const name = formatSolution(solution);
    const known = candidates.get(name) ?? { solution, by: index, votes: 0, confidence: 1 };
    candidates.set(name, known);
    if (role !== 'critic') known.votes += 1;
    else Object.assign(known, { confidence, critique: parseCritique(text) });
  }
  return [...candidates.values()];
}

/**
 * argmax over the different solutions of votes · confidence: what was written often and what the
 * critic believes; without a critic the majority. Of equals the one written first.
 * @param roles whose steps count: what the verdict would have been without the others
 * @returns null where nobody wrote a solution
 */
export function chooseVerdict(
  steps: readonly TraceStep[],
  roles: readonly Role[] = ROLES,
): Verdict | null {
  // The numbers of steps stay what they are: a critic points to them.
  const counted = steps.map((step) => (roles.includes(step.role) ? step : { ...step, text: '' }));
  const candidates = candidatesOf(counted).filter(({ votes }) => votes > 0);
  const weightOf = ({ votes, confidence }: Candidate) => votes * confidence;
  const total = candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  const [first, ...others] = candidates;
  if (!first) return null;
  const best = others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
  const share = total > 0 ? weightOf(best) / total : 0;
  return { text: formatSolution(best.solution), by: best.by, share };
}
