import { type Role, ROLES, type Solution, solverPrompt } from '../task';
import { candidatesOf, chooseVerdict } from './choose-verdict';
import { firstSteps } from './first-steps';
import type { Reply, Trace, TraceStep } from './trace';

/**
 * A request to an agent. Solver and reviser continue a prompt; the critic, which does not write,
 * says how likely it finds an attempt after the prompt.
 */
export type AgentRequest =
  | { readonly role: 'solver'; readonly prompt: string; readonly about: null }
  | {
      readonly role: 'reviser';
      /** ends with `kept` */
      readonly prompt: string;
      readonly about: number;
      /** the steps of the attempt before the wrong one */
      readonly kept: string;
    }
  | {
      readonly role: 'critic';
      readonly prompt: string;
      readonly about: number;
      readonly attempt: Solution;
    };

/** The agents that work on a question. */
export interface Team {
  /** the number of solutions that the solver proposes */
  readonly attempts: number;
  /** without a critic the solutions are counted, without a reviser nothing is repaired */
  readonly roles?: readonly Role[];
}

/** Yields requests, several at a time, and continues with their replies, in the same order. */
export type Conversation<T = Trace> = Generator<readonly AgentRequest[], T, readonly Reply[]>;

/**
 * The solver proposes, the critic judges each different solution, the reviser repairs those judged
 * wrong, the critic judges the repairs, and a verdict is chosen. The caller gets the replies, for
 * one question at a time or many.
 */
export function* solveTogether(question: string, { attempts, roles = ROLES }: Team): Conversation {
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

/** Asks for replies and records them as steps. */
function* ask(steps: TraceStep[], requests: readonly AgentRequest[]): Conversation<void> {
  if (requests.length === 0) return;
  const replies = yield requests;
  requests.forEach((ask, i) => {
    const { role, prompt, about } = ask;
    const { text, ...reply } = replies[i] as Reply;
    const whole = ask.role === 'reviser' ? `${ask.kept} ${text}`.trim() : text;
    steps.push({ role, prompt, about, text: whole, ...reply });
  });
}

/** Requests a critique of each different solution that the critic has not seen. */
function toJudge(question: string, steps: readonly TraceStep[]): AgentRequest[] {
  return candidatesOf(steps)
    .filter(({ critique }) => !critique)
    .map(({ solution: attempt, by }) => {
      return { role: 'critic', prompt: solverPrompt(question), about: by, attempt };
    });
}

/** Requests a repair of each different solution judged wrong, from its wrong step on. */
function toRevise(question: string, steps: readonly TraceStep[]): AgentRequest[] {
  return candidatesOf(steps).flatMap(({ solution, by: about, critique }): AgentRequest[] => {
    if (critique?.verdict !== 'wrong') return [];
    const kept = firstSteps(solution, critique.step - 1);
    const prompt = solverPrompt(question) + (kept === '' ? '' : ` ${kept}`);
    return [{ role: 'reviser', prompt, about, kept }];
  });
}
