import { inspect } from 'node:util';

/**
 * Looks at a value of a cell: the one guard through which the kernel does so. Any look may run
 * code of the cell (a getter, a proxy, `toString`), which may throw; `otherwise` is returned then.
 */
export function look<T>(at: () => T, otherwise: T): T {
  try {
    return at();
  } catch {
    return otherwise;
  }
}

/** Stands for a value whose reading throws. */
export const UNREADABLE = 'a value that cannot be shown';

/** Returns the text of a value; an object shows what it holds. Never throws. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? value.toString() : literalOf(value);
}

/** Returns the value as it is written in code: a string has quotes. Never throws. */
export function literalOf(value: unknown): string {
  return look(() => inspect(value), UNREADABLE);
}
