import type { Tokenizer } from '@huggingface/tokenizers';
import { ArgumentError, quote } from '../../tensor/errors';

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
 * @throws ArgumentError if a prompt or a completion has no token
 */
export function encodeRows(tokenizer: Tokenizer, rows: readonly TextRow[]): Example[] {
  const examples = rows.map(({ prompt, completion }) => ({
    prompt: tokenizer.encode(prompt).ids,
    completion: tokenizer.encode(completion).ids,
  }));
  const empty = examples.findIndex((one) => !one.prompt.length || !one.completion.length);
  if (empty >= 0) {
    throw new ArgumentError(
      `encodeRows: prompt and completion must have 1 token or more, got ${quote(rows[empty])} in row ${empty}.`,
    );
  }
  return examples;
}
