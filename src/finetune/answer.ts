import type { Tokenizer } from '@huggingface/tokenizers';
import { generate, type GPT2 } from '../gpt2';
import { type Check, checkRow, type Row } from '../tasks';

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

/** Lets a model write after the prompt of each row, greedily, to the end of the line. */
export async function answerRows(
  model: GPT2,
  tokenizer: Tokenizer,
  rows: readonly Row[],
): Promise<Answer[]> {
  const prompts = rows.map(({ prompt }) => tokenizer.encode(prompt).ids);
  const stopTokens = tokenizer.encode('\n').ids;
  const options = { maxNewTokens: MAX_NEW_TOKENS, stopTokens };
  const completions = new Map<number[], number[]>();
  const sorted = [...prompts].sort((a, b) => a.length - b.length);
  for (let i = 0; i < sorted.length; i += BATCH) {
    const batch = sorted.slice(i, i + BATCH);
    const written = await generate(model, batch, options);
    batch.forEach((prompt, j) => completions.set(prompt, written[j] ?? []));
  }
  return rows.map((row, i) => {
    const ids = completions.get(prompts[i] ?? []) ?? [];
    const text = ids.length > 0 ? tokenizer.decode(ids) : '';
    return { row, text, check: checkRow(row, text) };
  });
}

/** The share of answers that are right, from 0 to 1. */
export function exactMatch(answers: readonly Answer[]): number {
  return answers.filter(({ check }) => check.ok).length / answers.length;
}
