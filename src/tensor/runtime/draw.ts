import { alea, type State, type StatefulPRNG } from 'seedrandom';
import { ArgumentError } from '../errors';

/**
 * Seeded random choices on the host, the only source of random numbers in the project (Alea,
 * J. Baagøe 2010): the same seed and purpose give the same choices on every machine. `Random`
 * makes tensors of them.
 */
export class Draw {
  /** Gives the next number from U(0, 1), in double precision. */
  readonly unit: () => number;
  /** Gives the next 32 random bits, as a signed integer. */
  readonly word: () => number;
  private generator: StatefulPRNG<State.Alea>;

  /**
   * @param purpose names the use, so that one seed serves several independent draws
   * @throws ArgumentError if the seed is not an integer
   */
  constructor(seed: number, purpose = '') {
    if (!Number.isSafeInteger(seed)) {
      throw new ArgumentError(`Draw: seed must be an integer, got ${seed}. Pass a whole number.`);
    }
    // As text: Alea takes a falsy seed, 0 among them, for "none given".
    this.generator = alea(purpose === '' ? `${seed}` : `${purpose} ${seed}`, { state: true });
    this.unit = () => this.generator.double();
    this.word = () => this.generator.int32();
  }

  /** The place in the sequence of numbers: set to an earlier one, the same numbers follow again. */
  get place(): State.Alea {
    return this.generator.state();
  }

  set place(place: State.Alea) {
    this.generator = alea('', { state: place });
  }

  /** Gives an integer from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** @throws ArgumentError if the list is empty */
  pick<T>(list: readonly T[]): T {
    const index = this.int(0, list.length - 1);
    if (index in list) return list[index] as T;
    throw new ArgumentError('Draw.pick: list must have an item, got none. Offer a choice.');
  }

  /** Picks two different items of a list of at least two. */
  pickTwo<T>(list: readonly T[]): [T, T] {
    const first = this.pick(list);
    return [first, this.pick(list.filter((item) => item !== first))];
  }

  /** Gives a copy in random order, each order equally likely (Fisher and Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const items = [...list];
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [items[i], items[j]] = [items[j] as T, items[i] as T];
    }
    return items;
  }
}
