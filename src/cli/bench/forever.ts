/** The same again and again, for a training that nobody wants the end of. */
export function* forever<T>(value: T): Generator<T, never> {
  for (;;) yield value;
}
