import type { Tokenizer } from '@huggingface/tokenizers';
import type { LanguageModel } from '../../model/transformer';
import { generate, type SampleOptions } from '../../model/transformer';
import type { Check } from './check-solution';
import { checkRow, type Row } from './rows';

/** What a model wrote after a row's prompt, and whether it is right. */
export interface Answer {
  readonly row: Row;
  readonly text: string;
  readonly check: Check;
}

/** Longer than any completion of a role. */
const MAX_NEW_TOKENS = 40;

/** So many prompts of about one length are continued together. */
const BATCH = 64;

/** How freely a model writes; the same seed gives the same texts. */
export type Sampling = SampleOptions & { seed?: number };

/** Lets a model write after the prompt of each row, greedily, to the end of the line. */
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
 * What a model writes after each prompt, to the end of the line: the likeliest, or sampled. Prompts
 * of about one length are continued together.
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

/** The same in one batch, whose row i is prompt i: where each row has an adapter of its own. */
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

/** The share of answers that are right, from 0 to 1. */
export function exactMatch(answers: readonly Answer[]): number {
  return answers.filter(({ check }) => check.ok).length / answers.length;
}
