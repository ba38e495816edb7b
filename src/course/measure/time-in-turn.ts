import { quantiles } from './quantiles';

/** Milliseconds of several rounds: median, quartiles and the shortest. */
export interface Spread {
  median: number;
  /** the quartiles */
  low: number;
  high: number;
  /** the shortest of all rounds, the one that was disturbed least */
  best: number;
}

/** Makes an arm for timeInTurn: a function that runs `run` and gives its milliseconds. */
export function timed(run: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
}

/**
 * Times several arms in turn, round by round, so that a disturbance of the machine reaches all of
 * them. A first round is not counted.
 * @param arms each runs once and gives its milliseconds
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
