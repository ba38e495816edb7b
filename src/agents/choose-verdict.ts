import { type Critique, formatSolution, type Solution } from '../tasks';

/** A different solution, whoever wrote it. */
export interface Candidate {
  readonly solution: Solution;
  /** the first step that wrote it */
  readonly by: number;
  /** how many steps wrote it */
  votes: number;
  /** what the critic said; undefined where none was asked, or what it said made no sense */
  critique: Critique | undefined;
  /** the critic's probability that it is right; 1 where none was asked */
  confidence: number;
}

/** The solution that the team stands by. */
export interface Verdict {
  readonly text: string;
  /** the step that wrote it first */
  readonly by: number;
  /** its share of all votes, each weighted by the critic's confidence, from 0 to 1 */
  readonly share: number;
}

/**
 * argmax over solutions of votes · confidence: what was written often, by agents that work from
 * different draws, and what the critic believes. Without a critic, the majority. Of equals the
 * one written first.
 */
export function chooseVerdict(candidates: readonly Candidate[]): Verdict | null {
  const weightOf = ({ votes, confidence }: Candidate) => votes * confidence;
  const total = candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  const [first, ...others] = candidates;
  if (!first) return null;
  const best = others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
  const share = total > 0 ? weightOf(best) / total : 0;
  return { text: formatSolution(best.solution), by: best.by, share };
}
