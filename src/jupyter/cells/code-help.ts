import * as typescript from '@tslab/typescript-for-tslab';
import type { Executor } from 'tslab/dist/executor';
import { parseCell } from '../compile';
import { printQuickInfo } from 'tslab/dist/inspect';

/** Jupyter counts a cursor's place in characters, TypeScript in words of 16 bits. */
interface Place {
  code: string;
  /** in characters, from 0 */
  cursor: number;
}

/** Suggests names at the cursor: the content of a complete_reply. */
export function complete(executor: Executor, { code, cursor }: Place): object {
  const { start, end, candidates } = executor.complete(code, wordsBefore(code, cursor));
  return {
    status: 'ok',
    matches: candidates,
    cursor_start: charactersBefore(code, start),
    cursor_end: charactersBefore(code, end),
    metadata: {},
  };
}

/**
 * Explains the name at the cursor, or the function in whose call the cursor is: the content of an
 * inspect_reply, with type and docstring.
 */
export function inspect(executor: Executor, { code, cursor }: Place): object {
  const place = wordsBefore(code, cursor);
  const called = calleeAround(code, place);
  const info =
    executor.inspect(code, place) ?? (called === undefined ? null : executor.inspect(code, called));
  const data = info ? { 'text/plain': printQuickInfo(info) } : {};
  return { status: 'ok', found: Boolean(info), data, metadata: {} };
}

function wordsBefore(code: string, characters: number): number {
  return Array.from(code).slice(0, characters).join('').length;
}

function charactersBefore(code: string, words: number): number {
  return Array.from(code.slice(0, words)).length;
}

/** Where the called name begins, of the innermost call with the place between its brackets. */
function calleeAround(code: string, place: number): number | undefined {
  const file = parseCell(code);
  // A call without its bracket ends at the last token, before blanks that belong to it too.
  const last = code.trimEnd().length;
  let found: number | undefined;
  const visit = (node: typescript.Node): void => {
    if (node.pos > place || node.end < Math.min(place, last)) return;
    if (typescript.isCallExpression(node) || typescript.isNewExpression(node)) {
      const { expression } = node;
      const isClosed = code[node.end - 1] === ')';
      const isInside = place > expression.end && (place < node.end || !isClosed);
      const name = typescript.isPropertyAccessExpression(expression) ? expression.name : expression;
      if (isInside) found = name.getStart(file);
    }
    typescript.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
