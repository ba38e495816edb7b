import { assertOptions, assertPositiveIntegers, type OptionKeys } from '../../tensor/errors';
import { type AgentRequest, solveTogether, type Conversation, type Team } from './solve-together';
import type { Reply, Trace } from './trace';

/** Replies to requests, in their order; those of many questions and all roles come together. */
export type Answerer = (requests: readonly AgentRequest[]) => Promise<readonly Reply[]>;

/** Options of `runTeam`. */
export interface RunOptions {
  /** the number of questions worked on at once */
  atOnce?: number;
  /** called with each trace as it is done */
  onDone?: (trace: Trace) => void;
}

const OPTIONS: OptionKeys<RunOptions> = { atOnce: 'optional', onDone: 'optional' };

/** A question being worked on, and the requests it waits for. */
interface ActiveQuestion {
  readonly index: number;
  readonly conversation: Conversation;
  requests: readonly AgentRequest[];
}

/**
 * Lets a team work on many questions, `atOnce` at a time. The requests of all of them go to
 * `answer` together, and a new question replaces one that is done, so solvers of new questions and
 * revisers of older ones share a batch.
 * @returns the traces, in the order of the questions
 */
export async function runTeam(
  questions: readonly string[],
  team: Team,
  answer: Answerer,
  options: RunOptions = {},
): Promise<Trace[]> {
  assertOptions('runTeam', options, OPTIONS);
  const { atOnce = 64, onDone } = options;
  assertPositiveIntegers('runTeam', { atOnce, attempts: team.attempts });
  const traces: Trace[] = [];
  const waiting = questions.map((question, index) => ({ question, index }));
  let open: ActiveQuestion[] = [];
  const advance = (
    { index, conversation }: Omit<ActiveQuestion, 'requests'>,
    replies: readonly Reply[],
  ): ActiveQuestion[] => {
    const { done, value } = conversation.next(replies);
    if (!done) return [{ index, conversation, requests: value }];
    traces[index] = value;
    onDone?.(value);
    return [];
  };
  for (;;) {
    for (const { question, index } of waiting.splice(0, atOnce - open.length)) {
      open.push(...advance({ index, conversation: solveTogether(question, team) }, []));
    }
    if (open.length === 0) return traces;
    const replies = await answer(open.flatMap(({ requests }) => requests));
    let from = 0;
    open = open.flatMap((one) => advance(one, replies.slice(from, (from += one.requests.length))));
  }
}
