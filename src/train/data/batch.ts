import { alea } from 'seedrandom';
import { ArgumentError, assertPositiveIntegers } from '../../tensor/errors';
import { IGNORED } from '../loop';
import type { Example } from './example';

/** Examples side by side, all padded to the longest. */
export interface Batch {
  /** [size, time], without the last token of the longest: nothing follows it */
  readonly ids: number[][];
  /** the first position, of any row, that has a label */
  readonly start: number;
  /** the next token at each position from `start` on, row by row; prompt and padding are ignored */
  readonly labels: number[];
}

/** Pads with anything: what follows a text cannot change it, and has no label. */
export const PADDING = 0;

/** Lays examples side by side; only the tokens of the completions have labels. */
export function makeBatch(examples: readonly Example[]): Batch {
  const texts = examples.map(({ prompt, completion }) => [...prompt, ...completion]);
  const time = Math.max(...texts.map((text) => text.length)) - 1;
  const start = Math.min(...examples.map(({ prompt }) => prompt.length)) - 1;
  const positions = Array.from({ length: time }, (_, i) => i);
  return {
    ids: texts.map((text) => positions.map((i) => text[i] ?? PADDING)),
    start,
    labels: examples.flatMap(({ prompt }, row) =>
      positions
        .slice(start)
        .map((i) => (i + 1 < prompt.length ? IGNORED : (texts[row]?.[i + 1] ?? IGNORED))),
    ),
  };
}

/** From how many examples of about one length a batch is drawn, as a multiple of its size. */
const NEIGHBOURS = 4;

/**
 * Batches without end, of examples of about the same length, so that little is padding. Each
 * example comes about as often as any other; the same seed gives the same batches.
 * @throws ArgumentError if the size is not a positive integer, or larger than there are examples
 */
export function* drawBatches(
  examples: readonly Example[],
  { size, seed }: { size: number; seed: number },
): Generator<Batch, never> {
  assertPositiveIntegers('drawBatches', { size });
  if (examples.length < size) {
    throw new ArgumentError(
      `drawBatches: size must be at most ${examples.length}, the examples there are, got ${size}.`,
    );
  }
  const lengthOf = ({ prompt, completion }: Example) => prompt.length + completion.length;
  const sorted = [...examples].sort((a, b) => lengthOf(a) - lengthOf(b));
  const draw = alea(`batches ${seed}`);
  const below = (count: number) => Math.floor(draw.double() * count);
  const reach = Math.min(NEIGHBOURS * size, sorted.length);
  for (;;) {
    const from = below(sorted.length - reach + 1);
    const rows = Array.from({ length: size }, () => sorted[from + below(reach)] as Example);
    yield makeBatch(rows);
  }
}
