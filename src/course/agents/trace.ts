import type { Role } from '../task';

/** The reply of an agent, without the space before it and the newline. */
export interface Reply {
  readonly text: string;
  /** a critic's probability that the attempt is right; null for the others */
  readonly confidence: number | null;
  /** the number of tokens that went through the model */
  readonly tokens: { readonly read: number; readonly written: number };
}

/** One reply of one agent, and its prompt. */
export interface TraceStep extends Reply {
  readonly role: Role;
  readonly prompt: string;
  /** the step whose solution was judged or revised, counted from 0; null for the solver */
  readonly about: number | null;
}

/** All steps on one question, as plain data. */
export interface Trace {
  readonly question: string;
  readonly steps: readonly TraceStep[];
  /** null if nobody wrote a solution */
  readonly verdict: Verdict | null;
}

/** The solution that the team chose. */
export interface Verdict {
  readonly text: string;
  /** the step that wrote it first, counted from 0 */
  readonly by: number;
  /** its share of all votes, weighted by the critic's confidence, from 0 to 1 */
  readonly share: number;
}
