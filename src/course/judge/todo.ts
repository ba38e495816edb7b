import { LoraError } from '../../tensor/errors';

/** Thrown when a function of an exercise still has its original body. */
export class NotAttempted extends LoraError {
  override readonly name = 'NotAttempted';
}

/**
 * Placeholder for the body of an exercise: `return todo();`. It fits every return type, and the
 * cell that defines the function runs; only a call of the function throws.
 * @throws NotAttempted always
 */
export function todo(): never {
  throw new NotAttempted(
    'todo: the exercise must be solved first. Replace `return todo();` with your code.',
  );
}
