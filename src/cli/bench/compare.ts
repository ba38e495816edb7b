import { setTimeout } from 'node:timers/promises';
import { timeInTurn, type Spread } from '../measure';
import type { Rival, RivalName } from './rival-process';
import type { Work } from './work';

/** Works that rivals do in turn. */
export interface Comparison {
  works: readonly Work[];
  rounds: number;
  /** also without the fast kernels */
  withReference?: boolean;
}

/** How long each rival took for one work; its calls into TensorFlow, where they can be counted. */
export interface Compared {
  work: Work;
  times: Partial<Record<RivalName, Spread>>;
  dispatches: Partial<Record<RivalName, number>>;
}

/** Rivals agree where their numbers differ by no more than this, relative to the number. */
const TOLERANCE = 1e-3;
/** A short job is repeated until a measurement takes so long, in milliseconds. */
const LONG_ENOUGH = 25;
const MOST_REPEATS = 40;
/** Milliseconds in which threads that wait for more work go to sleep, before another's turn. */
const PAUSE = 20;

/**
 * Every rival does every work, in turn within each round.
 * @throws Error if two rivals do not compute the same; nothing is timed then
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
    throw new Error(
      `bench: ${rival.name} must compute as ${rivals[0]?.name} does, got ${numbers.join(', ')} ` +
        `instead of ${wanted.join(', ')} of ${JSON.stringify(work)}.`,
    );
  }
}

/** Whether two rivals' numbers are the same but for rounding. */
export function agree(a: readonly number[], b: readonly number[]): boolean {
  const near = (value: number, i: number) =>
    Math.abs(value - (b[i] ?? NaN)) <= TOLERANCE * Math.abs(b[i] ?? NaN);
  return a.length === b.length && a.every(near);
}

/** The same for all, so that nobody's overhead is spread over more runs. */
async function chooseRepeats(rivals: readonly Rival[], job: string): Promise<number> {
  let shortest = Infinity;
  for (const rival of rivals) {
    let time = await rival.milliseconds(job, 1);
    if (time < 10 * LONG_ENOUGH) time = await rival.milliseconds(job, 1); // the first is slower
    shortest = Math.min(shortest, time);
  }
  return Math.min(MOST_REPEATS, Math.max(1, Math.ceil(LONG_ENOUGH / shortest)));
}
