import {
  ArgumentError,
  assertOptions,
  assertPositiveIntegers,
  kindOf,
  type OptionKeys,
  quote,
} from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import { IGNORED } from '../loop';
import type { Example } from './example';

/** Examples stacked into rows, padded to the longest. */
export interface Batch {
  /** [size, time], without the longest row's last token, which predicts nothing */
  readonly ids: number[][];
  /**
   * the token after each of `ids`, row by row; `IGNORED` or -100 where it does not count, in prompt
   * and padding
   */
  readonly labels: number[];
  /** [size, time], where the text of each position starts, if a row holds several; 0 unless given */
  readonly starts?: number[][];
  /** how many of `ids` are no padding */
  readonly tokens?: number;
}

/** The id of padding. Any id will do: causal attention hides padding, and it has no label. */
export const PADDING = 0;

/**
 * Makes a batch of examples. A label on an example's first token is left out: nothing comes before.
 * @throws ArgumentError if there is no example, or none of two tokens or more
 */
export function makeBatch(examples: readonly Example[]): Batch {
  assertEncoded('makeBatch', examples);
  const time = Math.max(...examples.map(({ ids }) => ids.length)) - 1;
  if (!(time > 0)) {
    throw new ArgumentError(
      `makeBatch: examples must be 1 or more, one with 2 tokens or more, got ${examples.length === 0 ? 'no example' : 'none of 2 tokens'}.`,
    );
  }
  const positions = Array.from({ length: time }, (_, i) => i);
  const isPacked = examples.some(({ starts }) => starts);
  return {
    ids: examples.map(({ ids }) => positions.map((i) => ids[i] ?? PADDING)),
    labels: examples.flatMap(({ labels }) => positions.map((i) => labels[i + 1] ?? IGNORED)),
    tokens: examples.reduce((sum, { ids }) => sum + Math.min(ids.length, time), 0),
    ...(isPacked && {
      starts: examples.map(({ starts }) => positions.map((i) => starts?.[i] ?? 0)),
    }),
  };
}

/** The number of batches sorted by length together. */
const WINDOW = 8;

/** Options of `drawBatches`. */
interface BatchOptions {
  /** the number of examples in a batch */
  size: number;
  seed: number;
}

const BATCH_OPTIONS: OptionKeys<BatchOptions> = { size: 'required', seed: 'required' };

/**
 * Draws batches without end, epoch after epoch. An epoch has every example once: it is shuffled and
 * cut into windows of a few batches; each window is sorted by length, so that little is padding,
 * and cut into batches, which are shuffled. Examples left over, too few for a batch, come first in
 * the next epoch. The same seed gives the same batches.
 * @throws ArgumentError if an option is unknown, or the size is not a positive integer, or larger than there are examples
 */
export function drawBatches(
  examples: readonly Example[],
  options: BatchOptions,
): Generator<Batch, never> {
  assertOptions('drawBatches', options, BATCH_OPTIONS);
  const { size, seed } = options;
  assertPositiveIntegers('drawBatches', { size });
  assertEncoded('drawBatches', examples);
  if (examples.length < size) {
    throw new ArgumentError(
      `drawBatches: size must be at most ${examples.length}, the number of examples, got ${size}. Make the batches smaller.`,
    );
  }
  return drawEpochs(examples, size, new Draw(seed, 'batches'));
}

/** Text would be cut into letters, as lists of ids are into ids. */
function assertEncoded(caller: string, examples: readonly Example[]): void {
  if (!Array.isArray(examples)) {
    throw new ArgumentError(
      `${caller}: examples must be a list, got ${kindOf(examples)}. encodeRows(tokenizer, rows) gives one.`,
    );
  }
  const given: readonly (Partial<Example> | null | undefined)[] = examples;
  const isEncoded = (one: (typeof given)[number]) =>
    Array.isArray(one?.ids) && Array.isArray(one.labels) && one.ids.length === one.labels.length;
  const at = given.findIndex((one) => !isEncoded(one));
  if (at < 0) return;
  throw new ArgumentError(
    `${caller}: each example must have ids, and labels for each of them, got ${quote(examples[at])} at ${at}. Encode the rows first: encodeRows(tokenizer, rows).`,
  );
}

function* drawEpochs(
  examples: readonly Example[],
  size: number,
  draw: Draw,
): Generator<Batch, never> {
  let left: Example[] = [];
  for (;;) {
    const epoch = [...left, ...draw.shuffle(examples)];
    left = epoch.splice(epoch.length - (epoch.length % size));
    for (const window of cut(epoch, WINDOW * size)) {
      window.sort((a, b) => a.ids.length - b.ids.length);
      for (const batch of draw.shuffle(cut(window, size))) yield makeBatch(batch);
    }
  }
}

/** Cuts a list into pieces of this length, the last one shorter if it does not divide. */
function cut<T>(items: readonly T[], length: number): T[][] {
  const count = Math.ceil(items.length / length);
  return Array.from({ length: count }, (_, i) => items.slice(i * length, (i + 1) * length));
}
