import { ArgumentError, kindOf } from '../../tensor/errors';

/**
 * Gives the batches of a list again and again, without end, in their order: for a training of more
 * steps than there are batches.
 * @throws ArgumentError if it is no list, or an empty one
 */
export function repeat<Batch>(batches: readonly Batch[]): Generator<Batch, never> {
  if (Array.isArray(batches) && batches.length > 0) return cycle(batches as readonly Batch[]);
  const given = Array.isArray(batches) ? 'an empty one' : kindOf(batches);
  throw new ArgumentError(
    `repeat: batches must be an array of a batch or more, got ${given}. drawBatches is endless already.`,
  );
}

function* cycle<Batch>(batches: readonly Batch[]): Generator<Batch, never> {
  for (;;) yield* batches;
}
