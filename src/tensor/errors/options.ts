import { ArgumentError } from './errors';
import { ourNameFor, plainName } from './foreign-names';
import { nearest } from './nearest';
import { quote } from './quote';

/** The keys of an options object; the compiler holds them complete. */
export type OptionKeys<Options> = {
  readonly [Key in keyof Options]-?: object extends Pick<Options, Key> ? 'optional' : 'required';
};

/** Options of a function that has none: it refuses those that other libraries have. */
export type NoOptions = Record<string, never>;

/**
 * Checks the keys of an options object: outside of TypeScript an unknown one would be ignored.
 * @throws ArgumentError, in the caller's name, listing every key that is unknown, with the one that
 *   is meant, and every key that is missing
 */
export function assertOptions(
  caller: string,
  options: unknown,
  keys: Readonly<Record<string, 'required' | 'optional'>>,
): void {
  const known = Object.keys(keys);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const got = Array.isArray(options) ? 'a list' : quote(options);
    throw new ArgumentError(`${caller}: options must be ${exampleOf(keys)}, got ${got}.`);
  }
  const given = options as Record<string, unknown>;
  const missing = known.filter((key) => keys[key] === 'required' && given[key] === undefined);
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(keys, key));
  if (unknown.length > 0) {
    const advice = unknown.map((key) => adviceFor(key, known)).join('');
    const rule =
      known.length > 0 ? `each option must be one of ${known.join(', ')}` : 'there are no options';
    throw new ArgumentError(`${caller}: ${rule}, got ${unknown.join(', ')}.${advice}`);
  }
  if (missing.length > 0) {
    throw new ArgumentError(`${caller}: options must have ${missing.join(', ')}, got none.`);
  }
}

/** An object with the keys that are required, or with all if none is. */
function exampleOf(keys: Readonly<Record<string, 'required' | 'optional'>>): string {
  const known = Object.keys(keys);
  const required = known.filter((key) => keys[key] === 'required');
  const shown = required.length > 0 ? required : known;
  return shown.length > 0 ? `an object such as { ${shown.join(', ')} }` : 'left out';
}

function adviceFor(key: string, known: readonly string[]): string {
  const same = known.find((one) => plainName(one) === plainName(key));
  const meant = same ?? ourNameFor(key);
  if (meant !== undefined) return ` For ${key} write ${meant}.`;
  const near = nearest(key, known);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}
