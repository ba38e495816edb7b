import { assertPositiveIntegers } from '../../tensor/errors';
import { type Ask, solveTogether, type Talk, type Team } from './solve-together';
import type { Reply, Trace } from './trace';

/** Replies to what was asked, in its order; the asks of many questions and all roles together. */
export type Answerer = (asks: readonly Ask[]) => Promise<readonly Reply[]>;

/** How many questions are worked on at once, and who is told of each one's end. */
export interface RunOptions {
  atOnce?: number;
  onDone?: (trace: Trace) => void;
}

/** A question under way, and what it waits for. */
interface Open {
  readonly index: number;
  readonly talk: Talk;
  asks: readonly Ask[];
}

/**
 * Lets a team work on many questions, `atOnce` at a time: what all of them ask goes to `answer`
 * together, and the next question takes the place of one that is done. So solvers of new questions
 * and revisers of older ones share a batch.
 * @returns the traces, in the order of the questions
 */
export async function runTeam(
  questions: readonly string[],
  team: Team,
  answer: Answerer,
  { atOnce = 64, onDone }: RunOptions = {},
): Promise<Trace[]> {
  assertPositiveIntegers('runTeam', { atOnce, attempts: team.attempts });
  const traces: Trace[] = [];
  const waiting = questions.map((question, index) => ({ question, index }));
  let open: Open[] = [];
  const goOn = ({ index, talk }: Omit<Open, 'asks'>, replies: readonly Reply[]): Open[] => {
    const { done, value } = talk.next(replies);
    if (!done) return [{ index, talk, asks: value }];
    traces[index] = value;
    onDone?.(value);
    return [];
  };
  for (;;) {
    for (const { question, index } of waiting.splice(0, atOnce - open.length)) {
      open.push(...goOn({ index, talk: solveTogether(question, team) }, []));
    }
    if (open.length === 0) return traces;
    const replies = await answer(open.flatMap(({ asks }) => asks));
    let from = 0;
    open = open.flatMap((one) => goOn(one, replies.slice(from, (from += one.asks.length))));
  }
}
