import type { Tokenizer } from '@huggingface/tokenizers';

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

/** Encodes rows into token ids. */
export function encodeRows(tokenizer: Tokenizer, rows: readonly TextRow[]): Example[] {
  return rows.map(({ prompt, completion }) => ({
    prompt: tokenizer.encode(prompt).ids,
    completion: tokenizer.encode(completion).ids,
  }));
}
