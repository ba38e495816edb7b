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
  const asked = examples.flatMap((example) => splitOne(example) ?? []);
  const answers: Answer[] = [];
  for (const places of inBatches([...asked.entries()], ([, { prompt }]) => prompt.length)) {
    const some = places.map(([, one]) => one);
    const longest = Math.max(...some.map(({ answer }) => answer.length));
    const room = model.config.maxPositions - Math.max(...some.map(({ prompt }) => prompt.length));
    const written = await generate(
      model,
      some.map(({ prompt }) => prompt),
      { maxNewTokens: Math.max(1, Math.min(2 * longest + 8, room)) },
    );
    // The token that ends an answer is no part of what it says.
    const text = (ids: readonly number[], isAnswer = true) =>
      ids.length > 0 ? tokenizer.decode([...ids], { skip_special_tokens: isAnswer }).trim() : '';
    places.forEach(([place, { prompt, answer }], row) => {
      answers[place] = {
        prompt: text(prompt, false),
        expected: text(answer),
        written: text(written[row] ?? []),
      };
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
