import { isDeepStrictEqual } from 'node:util';

/**
 * Whether what a model wrote is the right call: JSON with the same keys and values, in any order and
 * with any spaces.
 */
export function isSameCall(written: string, right: string): boolean {
  return isDeepStrictEqual(parse(written), parse(right));
}

/** What is wrong with a call first: no JSON with the right keys, another function, a name, a number. */
export type CallFault = 'form' | 'function' | 'name' | 'number';

/** Says what is wrong with a call; null if it is right. */
export function faultOfCall(written: string, right: string): CallFault | null {
  const [call, expected] = [parse(written), parse(right)];
  const keys = (one: Record<string, unknown> | null) => Object.keys(one ?? {}).sort();
  if (!isDeepStrictEqual(keys(call), keys(expected))) return 'form';
  const differs = (...names: string[]) => names.some((name) => call?.[name] !== expected?.[name]);
  if (differs('name', 'on')) return 'function';
  if (differs('room', 'person', 'day')) return 'name';
  return isDeepStrictEqual(call, expected) ? null : 'number';
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null; // no JSON
  }
}
