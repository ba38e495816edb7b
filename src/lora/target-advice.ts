import { matchesEntry } from '../tensor/nn';

/** Lists the names that `targetModules` could match, and says what to write for a string. */
export function candidates(
  names: readonly string[],
  targets: unknown,
  adapted: readonly string[],
): string {
  const endings = new Set(names.map((name) => name.split('.').at(-1)));
  const advice =
    typeof targets === 'string' ? adviceOnPattern(targets, [...names, ...adapted]) : '';
  return `There are ${names.length}, called ${[...endings].join(', ')}; the first is ${names[0]}.${advice}`;
}

/** Says what to write for a string that was probably not meant as a regular expression. */
function adviceOnPattern(targets: string, names: readonly string[]): string {
  if (targets === 'all-linear') return '';
  const entries = targets.split(/[|,\s]+/);
  const areMeant = entries.every((entry) => names.some((name) => matchesEntry(name, entry)));
  const list = areMeant
    ? entries.map((entry) => `'${entry}'`).join(', ')
    : `'${names[0]?.split('.').at(-1)}'`;
  return ` A string is a regular expression for the whole name, as in PEFT${areMeant ? ': write' : '; the end of a name is an entry of a list, such as'} [${list}].`;
}
