import { ArgumentError, kindOf } from '../tensor/errors';
import { matchesEntry } from '../tensor/nn';

/**
 * The layers that get an adapter, by PEFT's rules: a list matches a name that equals an entry or
 * ends with `.entry`; a string is a regular expression that must match the whole name;
 * `'all-linear'` is every linear layer but the head. A function of the name can make any other choice.
 */
export type TargetModules = string[] | string | ((name: string) => boolean);

/**
 * The names that the targets match, in the order given.
 * @param adapted names of layers that have an adapter already, for the error
 * @param heads names that `'all-linear'` does not mean
 * @throws ArgumentError if a target matches none, with the names there are
 */
export function matchTargets(
  names: string[],
  targets: TargetModules | undefined,
  adapted: readonly string[] = [],
  heads: readonly string[] = [],
): string[] {
  const rules = rulesOf(targets, heads);
  const endings = new Set(names.map((name) => name.split('.').at(-1)));
  for (const { target, matches } of rules) {
    if (names.some(matches)) continue;
    const advice = adapted.some(matches)
      ? 'Such layers have an adapter already: remove it (removeLora), merge it (mergeLora), or use an AdapterBank (bank.add).'
      : `There are ${names.length}, called ${[...endings].join(', ')}; the first is ${names[0]}.${adviceOnPattern(targets, [...names, ...adapted])}`;
    throw new ArgumentError(
      `injectLora: targetModules must name linear layers without an adapter, got ${target}. ${names.length + adapted.length > 0 ? advice : 'The model has no linear layer.'}`,
    );
  }
  return names.filter((name) => rules.some(({ matches }) => matches(name)));
}

/** What to write for a string that was probably not meant as a regular expression. */
function adviceOnPattern(targets: TargetModules | undefined, names: readonly string[]): string {
  if (typeof targets !== 'string' || targets === 'all-linear') return '';
  const entries = targets.split(/[|,\s]+/);
  const areMeant = entries.every((entry) => names.some((name) => matchesEntry(name, entry)));
  const list = areMeant ? entries.map((entry) => `'${entry}'`).join(', ') : "'c_attn'";
  return ` A string is a regular expression for the whole name, as in PEFT${areMeant ? ': write' : '; the end of a name is an entry of a list, such as'} [${list}].`;
}

type Rule = { target: string; matches: (name: string) => boolean };

function rulesOf(targets: TargetModules | undefined, heads: readonly string[]): Rule[] {
  const isNoHead = (name: string) => !heads.includes(name);
  if (targets === 'all-linear') return [{ target: targets, matches: isNoHead }];
  if (typeof targets === 'function') {
    return [{ target: 'a function that is true for none', matches: targets }];
  }
  if (typeof targets === 'string') {
    const whole = new RegExp(`^(?:${targets})$`);
    return [{ target: `/${targets}/`, matches: (name) => whole.test(name) }];
  }
  if (!Array.isArray(targets) || targets.length === 0) {
    const target = Array.isArray(targets) ? 'an empty list' : kindOf(targets);
    return [{ target, matches: () => false }];
  }
  return targets.map((target) => ({ target, matches: (name) => matchesEntry(name, target) }));
}
