import { setTimeout } from 'node:timers/promises';
import { LoraError } from '../../tensor/errors';
import { timeInTurn, type Spread } from '../../course/measure';
import type { Rival, RivalName } from './rivals/rival-process';
import type { Work } from './rivals/work';

/** Works that all rivals do in turn. */
export interface Comparison {
  works: readonly Work[];
  rounds: number;
  /** also times this library with its reference kernels */
  withReference?: boolean;
}

/** The time of each rival for one work, and its calls into TensorFlow if they can be counted. */
export interface Compared {
  work: Work;
  times: Partial<Record<RivalName, Spread>>;
  dispatches: Partial<Record<RivalName, number>>;
}

/** Largest relative difference between the numbers of two rivals that agree. */
const TOLERANCE = 1e-3;
/** Least milliseconds of a measurement: shorter jobs are repeated. */
const LONG_ENOUGH = 25;
const MOST_REPEATS = 40;
/** Milliseconds between two rivals, in which the idle threads of the first go to sleep. */
const PAUSE = 20;

/**
 * Times every work on every rival, in turn within each round.
 * @throws LoraError before anything is timed if two rivals compute different numbers
 */
export async function compare(
  rivals: readonly Rival[],
  { works, rounds }: Comparison,
): Promise<Compared[]> {
  const compared: Compared[] = works.map((work) => ({ work, times: {}, dispatches: {} }));
  const arms: Record<string, () => Promise<number>> = {};
  for (const [i, { work, dispatches }] of compared.entries()) {
    const job = String(i);
    await prepareAndCheck(rivals, job, work);
    const repeats = await chooseRepeats(rivals, job);
    for (const rival of rivals) {
      const counted = work.kind === 'step' ? (await rival.ask({ count: job })).count : 0;
      if (counted) dispatches[rival.name] = counted;
      arms[`${i} ${rival.name}`] = async () => {
        await setTimeout(PAUSE);
        return rival.milliseconds(job, repeats);
      };
    }
  }
  for (const [arm, spread] of Object.entries(await timeInTurn(arms, rounds))) {
    const [i, name] = arm.split(' ') as [string, RivalName];
    (compared[Number(i)] as Compared).times[name] = spread;
  }
  for (const rival of rivals) await rival.ask({ release: true });
  return compared;
}

async function prepareAndCheck(rivals: readonly Rival[], job: string, work: Work): Promise<void> {
  let wanted: number[] | undefined;
  for (const rival of rivals) {
    await rival.prepare(job, work);
    const { numbers = [] } = await rival.ask({ check: job });
    wanted ??= numbers;
    if (numbers.length > 0 && agree(numbers, wanted)) continue;
    throw new LoraError(
      `bench: the numbers of ${rival.name} must be those of ${rivals[0]?.name}, ` +
        `${wanted.join(', ')}, got ${numbers.join(', ')} in ${JSON.stringify(work)}.`,
    );
  }
}

/** Whether the numbers of two rivals are equal within TOLERANCE. */
export function agree(a: readonly number[], b: readonly number[]): boolean {
  const near = (value: number, i: number) =>
    Math.abs(value - (b[i] ?? NaN)) <= TOLERANCE * Math.abs(b[i] ?? NaN);
  return a.length === b.length && a.every(near);
}

/** Chooses one number of repeats for all rivals, so that overhead counts the same for each. */
async function chooseRepeats(rivals: readonly Rival[], job: string): Promise<number> {
  let shortest = Infinity;
  for (const rival of rivals) {
    let time = await rival.milliseconds(job, 1);
    if (time < 10 * LONG_ENOUGH) time = await rival.milliseconds(job, 1); // the first is slower
    shortest = Math.min(shortest, time);
  }
  return Math.min(MOST_REPEATS, Math.max(1, Math.ceil(LONG_ENOUGH / shortest)));
}
