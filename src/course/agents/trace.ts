import type { Role } from '../task';

/** What an agent says, without the space before it and the end of the line. */
export interface Reply {
  readonly text: string;
  /** a critic's probability that the attempt is right; null of the others */
  readonly confidence: number | null;
  /** tokens that went through the model, each once */
  readonly tokens: { readonly read: number; readonly written: number };
}

/** One thing that one agent did. */
export interface TraceStep extends Reply {
  readonly role: Role;
  readonly prompt: string;
  /** the step whose solution was judged or revised, counted from 0; null of the solver's own */
  readonly about: number | null;
}

/** Everything that was said about one question: plain data. */
export interface Trace {
  readonly question: string;
  readonly steps: readonly TraceStep[];
  /** null where nobody wrote a solution */
  readonly verdict: Verdict | null;
}

/** The solution that the team stands by. */
export interface Verdict {
  readonly text: string;
  /** the step that wrote it first, counted from 0 */
  readonly by: number;
  /** its share of all votes, weighed by the critic's confidence, from 0 to 1 */
  readonly share: number;
}
