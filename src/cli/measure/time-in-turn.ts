import { quantiles } from './statistics';

/** How long something takes, in milliseconds: the middle of all rounds, and of their halves. */
export interface Spread {
  median: number;
  /** the quartiles */
  low: number;
  high: number;
  /** of all rounds: what is left when nothing else disturbs */
  best: number;
}

/** What does something and tells how long it took, in milliseconds. */
export function timed(run: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
}

/**
 * Times several things in turn, round by round, so that what disturbs the machine disturbs all of
 * them. One round before that does not count.
 * @param arms each tells its milliseconds
 */
export async function timeInTurn<Name extends string>(
  arms: Readonly<Record<Name, () => Promise<number>>>,
  rounds: number,
): Promise<Record<Name, Spread>> {
  const names = Object.keys(arms) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const milliseconds = await arms[name]();
      if (round > 0) times.get(name)?.push(milliseconds);
    }
  }
  const entries = [...times].map(([name, all]) => [name, spread(all)] as const);
  return Object.fromEntries(entries) as Record<Name, Spread>;
}

function spread(times: readonly number[]): Spread {
  const [best, low, median, high] = quantiles(times, 0, 0.25, 0.5, 0.75);
  return { median, low, high, best };
}
