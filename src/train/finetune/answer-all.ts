import type { Tokenizer } from '@huggingface/tokenizers';
import { generate, type LanguageModel } from '../../model/transformer';
import { type Example, isLearned } from '../data';
import { inBatches } from './in-batches';

/** What a model writes after a prompt, and what the row says. */
export interface Answer {
  prompt: string;
  /** the row's answer */
  expected: string;
  /** the model's, greedy */
  written: string;
}

/**
 * Lets a model answer the rows that have one answer, at their end, as a conversation of one question
 * or a prompt and its completion. Other rows are left out.
 */
export async function answerAll(
  model: LanguageModel,
  tokenizer: Tokenizer,
  examples: readonly Example[],
): Promise<Answer[]> {
  // The token that ends an answer is no part of what it says.
  const text = (ids: readonly number[], isAnswer = true) =>
    ids.length > 0 ? tokenizer.decode([...ids], { skip_special_tokens: isAnswer }).trim() : '';
  const answers = await writeAnswers(model, examples);
  return answers.map(({ prompt, answer, written }) => ({
    prompt: text(prompt, false),
    expected: text(answer),
    written: text(written),
  }));
}

/** How many of the rows that have one answer are answered with the row's own tokens, to the end. */
export interface ExactAnswers {
  exact: number;
  answered: number;
}

/** Counts exact answers; rows without one answer are left out. */
export async function countExact(
  model: LanguageModel,
  examples: readonly Example[],
): Promise<ExactAnswers> {
  const answers = await writeAnswers(model, examples);
  const upToEnd = (ids: number[]) => {
    const end = ids.findIndex((id) => model.config.eosTokenIds.includes(id));
    return (end < 0 ? ids : ids.slice(0, end)).join();
  };
  const exact = answers.filter(({ answer, written }) => upToEnd(answer) === upToEnd(written));
  return { exact: exact.length, answered: answers.length };
}

async function writeAnswers(
  model: LanguageModel,
  examples: readonly Example[],
): Promise<(OneAnswer & { written: number[] })[]> {
  const asked = examples.flatMap((example) => splitOne(example) ?? []);
  const answers: (OneAnswer & { written: number[] })[] = [];
  for (const places of inBatches([...asked.entries()], ([, { prompt }]) => prompt.length)) {
    const some = places.map(([, one]) => one);
    const longest = Math.max(...some.map(({ answer }) => answer.length));
    const room = model.config.maxPositions - Math.max(...some.map(({ prompt }) => prompt.length));
    const written = await generate(
      model,
      some.map(({ prompt }) => prompt),
      { maxNewTokens: Math.max(1, Math.min(2 * longest + 8, room)) },
    );
    places.forEach(([place, one], row) => {
      answers[place] = { ...one, written: written[row] ?? [] };
    });
  }
  return answers;
}

interface OneAnswer {
  prompt: number[];
  answer: number[];
}

/** The prompt and the answer of an example that learns one piece, after another one; null otherwise. */
function splitOne({ ids, labels, starts }: Example): OneAnswer | null {
  const learned = [...ids.keys()].filter((i) => isLearned(labels, i));
  const [first = 0, last = 0] = [learned[0], learned.at(-1)];
  if (starts || first < 2 || last - first + 1 !== learned.length) return null;
  return { prompt: ids.slice(0, first), answer: ids.slice(first, last + 1) };
}
