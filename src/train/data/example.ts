import type { Tokenizer } from '@huggingface/tokenizers';

/** What to learn from, in words. */
export interface TextRow {
  readonly prompt: string;
  readonly completion: string;
}

/** A text to learn from, in tokens: the model sees the prompt and must write the completion. */
export interface Example {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** The rows of a role in the tokens of a model. */
export function encodeRows(tokenizer: Tokenizer, rows: readonly TextRow[]): Example[] {
  return rows.map(({ prompt, completion }) => ({
    prompt: tokenizer.encode(prompt).ids,
    completion: tokenizer.encode(completion).ids,
  }));
}
