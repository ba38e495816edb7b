/**
 * The base of every error this project throws on purpose.
 * A message reads `<function>: <what> must be <expected>, got <given>. <What to do>.`
 */
export class LoraError extends Error {
  override readonly name: string = 'LoraError';
}

/** A tensor has the wrong rank or size. */
export class ShapeError extends LoraError {
  override readonly name = 'ShapeError';
}

/** An option or argument is out of range or of the wrong kind. */
export class ArgumentError extends LoraError {
  override readonly name = 'ArgumentError';
}

/** A layer is used after its `dispose()`. */
export class DisposedError extends LoraError {
  override readonly name = 'DisposedError';
}

/** A weight is NaN or infinite where a finite one is needed. */
export class NonFiniteError extends LoraError {
  override readonly name = 'NonFiniteError';
}

/** An accelerator is asked for that is not there, or the one in use failed. */
export class AcceleratorError extends LoraError {
  override readonly name = 'AcceleratorError';
}
