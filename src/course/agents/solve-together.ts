import { type Role, ROLES, type Solution, solverPrompt } from '../task';
import { candidatesOf, chooseVerdict } from './choose-verdict';
import { beginning } from './first-steps';
import type { Reply, Trace, TraceStep } from './trace';

/**
 * What an agent is asked: solver and reviser to write on from a prompt; the critic, who does not
 * write, how it finds an attempt as what follows the prompt.
 */
export type Ask =
  | { readonly role: 'solver'; readonly prompt: string; readonly about: null }
  | {
      readonly role: 'reviser';
      /** ends with what is kept of the attempt */
      readonly prompt: string;
      readonly about: number;
      readonly kept: string;
    }
  | {
      readonly role: 'critic';
      readonly prompt: string;
      readonly about: number;
      readonly attempt: Solution;
    };

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
  const prompt = solverPrompt(question);
  const proposal = { role: 'solver', prompt, about: null } as const;
  yield* ask(
    steps,
    Array.from({ length: attempts }, () => proposal),
  );
  if (roles.includes('critic')) {
    yield* ask(steps, toJudge(question, steps));
    if (roles.includes('reviser')) {
      yield* ask(steps, toRevise(question, steps));
      yield* ask(steps, toJudge(question, steps));
    }
  }
  return { question, steps, verdict: chooseVerdict(steps) };
}

/** What is replied becomes steps. */
function* ask(steps: TraceStep[], asks: readonly Ask[]): Talk<void> {
  if (asks.length === 0) return;
  const replies = yield asks;
  asks.forEach((ask, i) => {
    const { role, prompt, about } = ask;
    const { text, ...reply } = replies[i] as Reply;
    const whole = ask.role === 'reviser' ? `${ask.kept} ${text}`.trim() : text;
    steps.push({ role, prompt, about, text: whole, ...reply });
  });
}

/** Each different solution that the critic has not seen. */
function toJudge(question: string, steps: readonly TraceStep[]): Ask[] {
  return candidatesOf(steps)
    .filter(({ critique }) => !critique)
    .map(({ solution: attempt, by }) => {
      return { role: 'critic', prompt: solverPrompt(question), about: by, attempt };
    });
}

/** Each different solution that the critic finds wrong: what comes before the wrong step is kept. */
function toRevise(question: string, steps: readonly TraceStep[]): Ask[] {
  return candidatesOf(steps).flatMap(({ solution, by: about, critique }): Ask[] => {
    if (critique?.verdict !== 'wrong') return [];
    const kept = beginning(solution, critique.step - 1);
    const prompt = solverPrompt(question) + (kept === '' ? '' : ` ${kept}`);
    return [{ role: 'reviser', prompt, about, kept }];
  });
}
