import { ArgumentError, kindOf } from '../tensor/errors';
import { matchesEntry } from '../tensor/nn';
import { ADAPTED, candidates } from './target-advice';

/**
 * The layers that get an adapter, by PEFT's rules: a list matches a name that equals an entry or
 * ends with `.entry`; a string is a regular expression that must match the whole name;
 * `'all-linear'` is every linear layer but the head. A function of the name can make any other choice.
 */
export type TargetModules = readonly string[] | string | ((name: string) => boolean);

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
  for (const { target, matches } of rules) {
    if (names.some(matches)) continue;
    const advice = adapted.some(matches) ? ADAPTED : candidates(names, targets, adapted);
    throw new ArgumentError(
      `injectLora: targetModules must name linear layers without an adapter, got ${target}. ${names.length + adapted.length > 0 ? advice : 'The model has no linear layer.'}`,
    );
  }
  return names.filter((name) => rules.some(({ matches }) => matches(name)));
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
  const list: readonly string[] = Array.isArray(targets) ? targets : [];
  if (list.length === 0) {
    const target = Array.isArray(targets) ? 'an empty list' : kindOf(targets);
    return [{ target, matches: () => false }];
  }
  return list.map((target) => ({ target, matches: (name) => matchesEntry(name, target) }));
}
