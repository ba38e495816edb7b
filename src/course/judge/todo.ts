import { LoraError } from '../../tensor/errors';

/** A function of an exercise still has the body it came with. */
export class NotAttempted extends LoraError {
  override readonly name = 'NotAttempted';
}

/**
 * The body of an exercise that nobody has written yet: `return todo();`. It fits every return
 * type, and the cell that defines the function runs; only a call of it throws.
 * @throws NotAttempted always
 */
export function todo(): never {
  throw new NotAttempted('todo: your code must stand here. Replace `return todo();` by it.');
}
