import type { Tokenizer } from '@huggingface/tokenizers';
import { assertTokenizer } from '../../model/transformer';
import { ArgumentError, assertOptions, type NoOptions, quote } from '../../tensor/errors';

/** A prompt and its completion, as text. */
export interface TextRow {
  readonly prompt: string;
  readonly completion: string;
}

/** A prompt and its completion, as token ids: the model sees the prompt and must write the rest. */
export interface Example {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/**
 * Encodes rows into token ids.
 * @throws ArgumentError if a row lacks prompt or completion, or one of them has no token
 */
export function encodeRows(
  tokenizer: Tokenizer,
  rows: readonly TextRow[],
  options: NoOptions = {},
): Example[] {
  assertOptions('encodeRows', options, {});
  assertTokenizer('encodeRows', tokenizer);
  assertRows(rows);
  const examples = rows.map(({ prompt, completion }) => ({
    prompt: tokenizer.encode(prompt).ids,
    // No second beginning of a text within it.
    completion: tokenizer.encode(completion, { add_special_tokens: false }).ids,
  }));
  const empty = examples.findIndex((one) => !one.prompt.length || !one.completion.length);
  if (empty >= 0) {
    throw new ArgumentError(
      `encodeRows: prompt and completion must have 1 token or more, got ${quote(rows[empty])} in row ${empty}.`,
    );
  }
  return examples;
}

function assertRows(rows: unknown): void {
  if (!Array.isArray(rows)) {
    throw new ArgumentError(
      `encodeRows: rows must be a list of { prompt, completion }, got ${quote(rows)}.`,
    );
  }
  const at = rows.findIndex((row) => !isTextRow(row));
  if (at < 0) return;
  throw new ArgumentError(
    `encodeRows: each row must have prompt and completion, as text, got ${describeRow(rows[at])} in row ${at}. Rename other columns first: rows.map((row) => ({ prompt: ..., completion: ... })).`,
  );
}

function isTextRow(row: unknown): boolean {
  const { prompt, completion } = (row ?? {}) as Partial<Record<keyof TextRow, unknown>>;
  return typeof prompt === 'string' && typeof completion === 'string';
}

/** The keys of a row, or all of it if these are right. */
function describeRow(row: unknown): string {
  if (typeof row !== 'object' || row === null) return quote(row);
  const keys = Object.keys(row);
  return keys.includes('prompt') && keys.includes('completion')
    ? quote(row)
    : keys.join(', ') || 'no keys';
}
