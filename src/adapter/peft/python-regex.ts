import vm from 'node:vm';
import { quote } from '../../tensor/errors';
import type { Fail } from './adapter-files';

/** More than any ordinary pattern takes; a hostile one would take years. */
const MILLISECONDS = 1000;

/** A separate context: only a run in one can be stopped after a time limit. */
const CONTEXT = vm.createContext({ input: '', output: '' });
const SCRIPT = new vm.Script(`{
  const { sources, names } = JSON.parse(input);
  output = JSON.stringify(sources.map(([source, flags]) => {
    const regex = new RegExp(source, flags);
    return names.map((name) => {
      const match = regex.exec(name);
      return match && (match.groups?.idx ?? '');
    });
  }));
}`);

/** A Python regular expression from a file, between two parts of our own. */
export interface Pattern {
  before: string;
  pattern: string;
  after: string;
}

/** `re.fullmatch(pattern, name)` */
export function fullMatch(pattern: string): Pattern {
  return { before: '(?:', pattern, after: ')$' };
}

/**
 * Matches Python regular expressions from the start of each name, as `re.match` does.
 * @param fail is called if a pattern is not valid or takes too long
 * @returns for each pattern and name null, or the match of the group `idx` ('' without one)
 */
export function matchPatterns(
  patterns: readonly Pattern[],
  names: readonly string[],
  fail: Fail,
): (string | null)[][] {
  if (patterns.length === 0) return [];
  const sources = patterns.map(toJavaScript);
  CONTEXT.input = JSON.stringify({ sources, names });
  try {
    SCRIPT.runInContext(CONTEXT, { timeout: MILLISECONDS });
  } catch (error) {
    const { message } = error as Error; // of the other context, so not an instance
    fail(`each pattern must be a quick regular expression, got ${quote(message)}.`);
  }
  return JSON.parse(CONTEXT.output as string) as (string | null)[][];
}

/** Translates what differs between the languages; JavaScript refuses what it lacks. */
function toJavaScript({ before, pattern, after }: Pattern): [source: string, flags: string] {
  const [start, letters = ''] = /^\(\?([is]+)\)/.exec(pattern) ?? [''];
  const source = pattern
    .slice(start.length)
    .replace(
      /\\([\s\S])|\(\?P<|\(\?P=(\w+)\)|\{,(?=\d+\})|\[\^?\]/g,
      (part: string, escaped?: string, group?: string) => {
        if (escaped === 'A') return '^';
        if (escaped === 'Z') return '$';
        if (escaped !== undefined) return part;
        if (group !== undefined) return `\\k<${group}>`;
        if (part === '{,') return '{0,';
        if (part.startsWith('(')) return '(?<';
        return `${part.slice(0, -1)}\\]`; // in Python a ] that comes first is one of the set
      },
    );
  return [`^(?:${before}${source}${after})`, [...new Set(letters)].join('')];
}
