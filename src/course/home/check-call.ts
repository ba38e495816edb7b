import { isDeepStrictEqual } from 'node:util';

/**
 * Whether what a model wrote is the right call: JSON with the same keys and values, in any order and
 * with any spaces.
 */
export function isSameCall(written: string, right: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(written), JSON.parse(right));
  } catch {
    return false; // no JSON
  }
}
