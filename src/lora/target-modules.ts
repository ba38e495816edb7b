import { ArgumentError } from '../tensor/errors';
import { matchesEntry } from '../tensor/nn';

/**
 * The layers that get an adapter, by PEFT's rules: a list matches a name that equals an entry or
 * ends with `.entry`; a string is a regular expression that must match the whole name;
 * `'all-linear'` is every linear layer. A function of the name can make any other choice.
 */
export type TargetModules = string[] | string | ((name: string) => boolean);

/**
 * The names that the targets match, in the order given.
 * @throws ArgumentError if a target matches none, with the names there are
 */
export function matchTargets(names: string[], targets: TargetModules): string[] {
  if (targets === 'all-linear') return requireMatch('all-linear', names, names);
  if (typeof targets === 'function') {
    return requireMatch('a function that is true for none', names.filter(targets), names);
  }
  if (typeof targets === 'string') {
    const whole = new RegExp(`^(?:${targets})$`);
    return requireMatch(
      `/${targets}/`,
      names.filter((name) => whole.test(name)),
      names,
    );
  }
  if (targets.length === 0) return requireMatch('an empty list', [], names);
  const matched = targets.map((target) =>
    requireMatch(
      target,
      names.filter((name) => matchesEntry(name, target)),
      names,
    ),
  );
  return names.filter((name) => matched.some((some) => some.includes(name)));
}

function requireMatch(target: string, matched: string[], names: string[]): string[] {
  if (matched.length > 0) return matched;
  throw new ArgumentError(
    `injectLora: targetModules must name linear layers without an adapter, got ${target}. ` +
      (names.length > 0 ? describe(names) : 'There are none. Merge or remove the adapters first.'),
  );
}

function describe(names: string[]): string {
  const endings = new Set(names.map((name) => name.split('.').at(-1)));
  return `There are ${names.length}, called ${[...endings].join(', ')}; the first is ${names[0]}.`;
}
