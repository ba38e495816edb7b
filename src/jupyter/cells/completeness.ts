import type * as typescript from '@tslab/typescript-for-tslab';
import { parseCell } from '../compile';

/** Whether a console runs a text on Enter, or waits for more lines. */
export type Completeness =
  { status: 'complete' | 'invalid' } | { status: 'incomplete'; indent: string };

const INDENT = '  ';

/** Judges a text by its syntax: `incomplete` if more text could mend it. */
export function completenessOf(code: string): Completeness {
  // TypeScript's own list of syntax errors; the public API needs a whole program for it.
  const { parseDiagnostics: faults } = parseCell(code) as typescript.SourceFile & {
    parseDiagnostics: { start: number; length: number; code: number }[];
  };
  const [first] = faults;
  if (!first) return { status: 'complete' };
  const isAtEnd = first.start >= code.trimEnd().length && first.code !== UNTERMINATED_STRING;
  return isAtEnd || UNTERMINATED.has(first.code)
    ? { status: 'incomplete', indent: indentAfter(code) }
    : { status: 'invalid' };
}

/** TypeScript's code of the error that a string has no end. It must end on its line. */
const UNTERMINATED_STRING = 1002;
/** Codes of TypeScript's errors: a template literal, a comment or a regular expression has no end. */
const UNTERMINATED = new Set([1160, 1010, 1161]);

/** The indent of the last line, one step deeper after an opening bracket. */
function indentAfter(code: string): string {
  const last = code.slice(code.lastIndexOf('\n') + 1);
  const indent = /^\s*/.exec(last)?.[0] ?? '';
  return /[([{]\s*$/.test(last) ? indent + INDENT : indent;
}
