import { isDeepStrictEqual } from 'node:util';

/**
 * Whether what a model wrote is the right call: JSON with the same keys and values, in any order and
 * with any spaces. An answer that is no JSON is right if it is the same text.
 */
export function isSameCall(written: string, right: string): boolean {
  return isDeepStrictEqual(parse(written), parse(right));
}

/** What is wrong with a call first: no JSON with the right keys, another function, a name, a number. */
export type CallFault = 'form' | 'function' | 'name' | 'number';

/** Says what is wrong with a call; null if it is right. */
export function faultOfCall(written: string, right: string): CallFault | null {
  if (isSameCall(written, right)) return null;
  const [call, expected] = [parse(written), parse(right)];
  if (!isRecord(call) || !isRecord(expected)) return 'form';
  const keys = (one: object) => Object.keys(one).sort();
  if (!isDeepStrictEqual(keys(call), keys(expected))) return 'form';
  const differs = (...names: string[]) => names.some((name) => call[name] !== expected[name]);
  if (differs('name', 'on')) return 'function';
  return differs('room', 'person', 'day') ? 'name' : 'number';
}

/** The value that is written as JSON, or the text itself. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
