import type { Tokenizer } from '@huggingface/tokenizers';
import type { LanguageModel } from '../../model/transformer';
import { generate, type SampleOptions } from '../../model/transformer';
import type { Check } from './check-solution';
import { checkRow, type Row } from './rows';

/** A model's completion of a row's prompt, and its check. */
export interface Answer {
  readonly row: Row;
  readonly text: string;
  readonly check: Check;
}

/** More than any right completion needs. */
const MAX_NEW_TOKENS = 40;

/** The number of prompts of similar length completed together. */
const BATCH = 64;

/** Options of sampling; the same seed gives the same texts. */
export type Sampling = SampleOptions & { seed?: number };

/** Completes the prompt of each row greedily, to the end of the line, and checks the answers. */
export async function answerRows(
  model: LanguageModel,
  tokenizer: Tokenizer,
  rows: readonly Row[],
): Promise<Answer[]> {
  const prompts = rows.map(({ prompt }) => prompt);
  const texts = await completePrompts(model, tokenizer, prompts);
  return rows.map((row, i) => {
    const text = texts[i] ?? '';
    return { row, text, check: checkRow(row, text) };
  });
}

/**
 * Completes each prompt to the end of the line: greedily, or sampled. Prompts of similar length
 * share a batch.
 * @throws ArgumentError if a prompt leaves no room in the model's context
 */
export async function completePrompts(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  { seed = 0, ...sampling }: Sampling = {},
): Promise<string[]> {
  const texts: string[] = [];
  const lengths = prompts.map((prompt) => prompt.length);
  const order = [...prompts.keys()].sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  for (let i = 0; i < order.length; i += BATCH) {
    const batch = order.slice(i, i + BATCH);
    const own = batch.map((index) => prompts[index] ?? '');
    const written = await completeTogether(model, tokenizer, own, { ...sampling, seed: seed + i });
    batch.forEach((index, j) => (texts[index] = written[j] ?? ''));
  }
  return texts;
}

/** Completes all prompts in one batch, whose row i is prompt i, so each row can have its adapter. */
export async function completeTogether(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  sampling: Sampling = {},
): Promise<string[]> {
  const ids = prompts.map((prompt) => tokenizer.encode(prompt).ids);
  const stopTokens = tokenizer.encode('\n').ids;
  const options = { ...sampling, maxNewTokens: MAX_NEW_TOKENS, stopTokens };
  const completions = await generate(model, ids, options);
  return completions.map((written) => (written.length > 0 ? tokenizer.decode(written) : ''));
}

/** Computes the share of right answers, from 0 to 1. */
export function exactMatch(answers: readonly Answer[]): number {
  return answers.filter(({ check }) => check.ok).length / answers.length;
}
