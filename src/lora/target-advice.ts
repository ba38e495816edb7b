import { matchesEntry } from '../tensor/nn';

const HAVE_ONE =
  'have an adapter already: remove it, removeLora(model), merge it (mergeLora), or use an AdapterBank (bank.add).';
/** The advice on layers that are no target any more. */
export const ADAPTED = `Such layers ${HAVE_ONE}`;

/** Lists the names that `targetModules` could match, and says what to write for a string. */
export function candidates(
  names: readonly string[],
  targets: unknown,
  adapted: readonly string[],
): string {
  const endings = new Set(names.map((name) => name.split('.').at(-1)));
  const advice =
    typeof targets === 'string' ? adviceOnPattern(targets, [...names, ...adapted]) : '';
  if (names.length === 0) return `All linear layers ${HAVE_ONE}${advice}`;
  const others = adapted.length > 0 ? ` The others ${HAVE_ONE}` : '';
  return `There are ${names.length}, called ${[...endings].join(', ')}; the first is ${names[0]}.${others}${advice}`;
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
