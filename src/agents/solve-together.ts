import {
  formatSolution,
  parseCritique,
  parseSolution,
  reviserPrompt,
  type Role,
  ROLES,
  type Solution,
  solverPrompt,
} from '../tasks';
import { type Candidate, chooseVerdict, type Verdict } from './choose-verdict';

/**
 * What an agent is asked: solver and reviser to write on from a prompt; the critic, who does not
 * write, how it finds an attempt as what follows the prompt.
 */
export type Ask =
  | { readonly role: 'solver' | 'reviser'; readonly prompt: string; readonly about: number | null }
  | {
      readonly role: 'critic';
      readonly prompt: string;
      readonly about: number;
      readonly attempt: Solution;
    };

/** What it says, without the space before it and the end of the line. */
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

/** Who works on a question. */
export interface Team {
  /** how many solutions the solver proposes */
  readonly attempts: number;
  /** without a critic the solutions are counted, without a reviser nothing is repaired */
  readonly roles?: readonly Role[];
}

/** A talk that asks several things at a time and goes on with the replies, in their order. */
export type Talk<T = Trace> = Generator<readonly Ask[], T, readonly Reply[]>;

/**
 * The solver proposes, the critic judges each different solution, the reviser repairs those judged
 * wrong, the critic judges the repairs, and a verdict is chosen. Who answers, one question at a
 * time or many, is the caller's business.
 */
export function* solveTogether(question: string, { attempts, roles = ROLES }: Team): Talk {
  const steps: TraceStep[] = [];
  const candidates = new Map<string, Candidate>();
  const prompt = solverPrompt(question);
  const solver = Array.from({ length: attempts }, () => ({ role: 'solver', prompt, about: null }));
  collect(candidates, yield* ask(steps, solver as Ask[]), steps);
  if (roles.includes('critic')) {
    yield* judge(question, candidates, steps);
    if (roles.includes('reviser')) {
      collect(candidates, yield* revise(question, candidates, steps), steps);
      yield* judge(question, candidates, steps);
    }
  }
  return { question, steps, verdict: chooseVerdict([...candidates.values()]) };
}

/** @returns the numbers of the steps that the replies became */
function* ask(steps: TraceStep[], asks: readonly Ask[]): Talk<number[]> {
  if (asks.length === 0) return [];
  const replies = yield asks;
  return asks.map(({ role, prompt, about }, i) => {
    const reply = replies[i] as Reply;
    return steps.push({ role, prompt, about, ...reply }) - 1;
  });
}

/** Counts the solutions that these steps wrote; what is none is left aside. */
function collect(candidates: Map<string, Candidate>, by: number[], steps: TraceStep[]): void {
  for (const index of by) {
    const solution = parseSolution(steps[index]?.text ?? '');
    if (!solution) continue;
    const text = formatSolution(solution);
    const known = candidates.get(text);
    const fresh = { solution, by: index, votes: 1, critique: undefined, confidence: 1 };
    if (known) known.votes += 1;
    else candidates.set(text, fresh);
  }
}

/** Lets the critic judge the candidates that it has not seen. */
function* judge(
  question: string,
  candidates: ReadonlyMap<string, Candidate>,
  steps: TraceStep[],
): Talk<void> {
  const waiting = [...candidates.values()].filter(({ critique }) => !critique);
  const judged = yield* ask(
    steps,
    waiting.map(({ solution, by }) => ({
      role: 'critic',
      prompt: solverPrompt(question),
      about: by,
      attempt: solution,
    })),
  );
  for (const [i, candidate] of waiting.entries()) {
    const { text = '', confidence = 0 } = steps[judged[i] ?? -1] ?? {};
    candidate.critique = parseCritique(text);
    candidate.confidence = confidence ?? 0;
  }
}

/** Lets the reviser repair each candidate that was judged wrong. */
function* revise(
  question: string,
  candidates: ReadonlyMap<string, Candidate>,
  steps: TraceStep[],
): Talk<number[]> {
  const asks = [...candidates.values()].flatMap(({ solution, by, critique }): Ask[] =>
    critique?.verdict === 'wrong'
      ? [{ role: 'reviser', prompt: reviserPrompt(question, solution, critique), about: by }]
      : [],
  );
  return yield* ask(steps, asks);
}
