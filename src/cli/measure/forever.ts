/** Yields the same value without end, for a training without a fixed end. */
export function* forever<T>(value: T): Generator<T, never> {
  for (;;) yield value;
}
