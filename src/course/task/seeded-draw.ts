import { alea } from 'seedrandom';

/** A request for rows that cannot be met. */
export class TaskError extends RangeError {
  override readonly name = 'TaskError';
}

/** Seeded choices (Alea, J. Baagøe 2010): the same seed and purpose give the same choices. */
export class Draw {
  private readonly next: () => number;

  /**
   * @param purpose what is drawn, so that one seed serves several independent draws
   * @throws TaskError if the seed is not an integer
   */
  constructor(seed: number, purpose: string) {
    if (!Number.isSafeInteger(seed)) {
      throw new TaskError(`Draw: seed must be an integer, got ${seed}. Pass a whole number.`);
    }
    const generator = alea(`${purpose} ${seed}`);
    this.next = () => generator.double();
  }

  /** An integer from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** @throws TaskError if there is nothing to pick from */
  pick<T>(list: readonly T[]): T {
    const index = this.int(0, list.length - 1);
    if (index in list) return list[index] as T;
    throw new TaskError('Draw.pick: list must be at least one item long, got 0. Offer a choice.');
  }

  /** Two different items of a list of at least two. */
  pickTwo<T>(list: readonly T[]): [T, T] {
    const first = this.pick(list);
    return [first, this.pick(list.filter((item) => item !== first))];
  }
}

/** @throws TaskError if the count is not a whole number of at least 1 */
export function checkCount(functionName: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  const advice = 'Ask for at least one';
  throw new TaskError(
    `${functionName}: count must be a positive integer, got ${count}. ${advice}.`,
  );
}
