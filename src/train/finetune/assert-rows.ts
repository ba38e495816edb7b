import { ArgumentError } from '../../tensor/errors';
import type { Example } from '../data';

/** Checks rows by their names. @throws ArgumentError, in the caller's name, if there are none, or some are too long */
export function assertRows(
  caller: string,
  sets: Record<string, readonly Example[]>,
  longest: number,
): void {
  for (const [name, examples] of Object.entries(sets)) {
    if (examples.length === 0) {
      throw new ArgumentError(`${caller}: ${name} must have a row or more, got none.`);
    }
    const length = examples.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    if (length <= longest) continue;
    throw new ArgumentError(
      `${caller}: rows of ${name} must have at most ${longest} tokens (max_length, and the positions of the model), got ${length}. Cut them: cutExamples(examples, ${longest}).`,
    );
  }
}
