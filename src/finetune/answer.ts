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

/** Lets a model write after the prompt of each row, greedily, to the end of the line. */
export async function answerRows(
  model: GPT2,
  tokenizer: Tokenizer,
  rows: readonly Row[],
): Promise<Answer[]> {
  const prompts = rows.map(({ prompt }) => tokenizer.encode(prompt).ids);
  const stopTokens = tokenizer.encode('\n').ids;
  const options = { maxNewTokens: MAX_NEW_TOKENS, stopTokens };
  const completions = await generate(model, prompts, options);
  return rows.map((row, i) => {
    const ids = completions[i] ?? [];
    const text = ids.length > 0 ? tokenizer.decode(ids) : '';
    return { row, text, check: checkRow(row, text) };
  });
}

/** The share of answers that are right, from 0 to 1. */
export function exactMatch(answers: readonly Answer[]): number {
  return answers.filter(({ check }) => check.ok).length / answers.length;
}
