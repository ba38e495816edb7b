import type { Tokenizer } from '@huggingface/tokenizers';
import { ArgumentError, assertOptions, quote } from '../../tensor/errors';
import { assertModule } from '../../tensor/nn';
import { GENERATE_OPTIONS, type GenerateOptions, generateSteps } from './generate';
import { assertTokenizer } from './assert-tokenizer';
import type { LanguageModel } from './language-model';
import { isTokenId } from './token-id';

/** How a text is continued, as text. */
export interface GenerateTextOptions extends GenerateOptions {
  /** texts that end the continuation and are cut off it */
  stop?: readonly string[];
}

/** A text, or its token ids, such as those of `encodeChat`. */
export type Prompt = string | readonly number[];

/**
 * Continues a text.
 * @returns the new text alone
 * @throws ArgumentError if `stop` is not a list of texts that are not empty; what `generate` throws
 */
export async function generateText(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompt: Prompt,
  options: GenerateTextOptions,
): Promise<string> {
  assertText('generateText', { model, tokenizer, prompt, options });
  let text = '';
  for await (const piece of pieces(model, tokenizer, prompt, options)) text += piece;
  return text;
}

/**
 * Continues a text piece by piece, as it is written. The pieces together are what `generateText`
 * returns; none ends within a character. A caller that stops early leaves nothing behind.
 * @throws what `generateText` throws
 */
export function streamText(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompt: Prompt,
  options: GenerateTextOptions,
): AsyncGenerator<string> {
  assertText('streamText', { model, tokenizer, prompt, options });
  return pieces(model, tokenizer, prompt, options);
}

async function* pieces(
  model: LanguageModel,
  tokenizer: Tokenizer,
  prompt: Prompt,
  { stop = [], ...options }: GenerateTextOptions,
): AsyncGenerator<string> {
  const before = typeof prompt === 'string' ? tokenizer.encode(prompt).ids : prompt;
  // Decoded together: a tokenizer may drop the space before the first word of a text.
  const known = before.length > 0 ? tokenizer.decode([...before]).length : 0;
  let text = '';
  let told = 0;
  const idsBelow = Math.min(afterLastId(tokenizer), model.config.vocabSize);
  for await (const [ids = []] of generateSteps(model, [before], { ...options, idsBelow })) {
    text = tokenizer.decode([...before, ...ids]).slice(known);
    const ends = stop.map((end) => text.indexOf(end)).filter((at) => at >= 0);
    const end = ends.length > 0 ? Math.min(...ends) : certainLength(text, stop);
    if (end > told) yield text.slice(told, end);
    told = Math.max(told, end);
    if (ends.length > 0) return;
  }
  if (text.length > told) yield text.slice(told);
}

/** The number after the last id that stands for a text. */
function afterLastId(tokenizer: Tokenizer): number {
  let after = 0;
  for (const id of tokenizer.get_vocab(true).values()) after = Math.max(after, id + 1);
  return after;
}

/** How much of a text no later token changes: all but the start of a character or of a stop text. */
function certainLength(text: string, stop: readonly string[]): number {
  const whole = text.replace(/\uFFFD+$/, '').length;
  const starts = stop.map((end) => {
    for (let length = Math.min(end.length - 1, whole); length > 0; length--) {
      if (text.slice(0, whole).endsWith(end.slice(0, length))) return whole - length;
    }
    return whole;
  });
  return Math.min(whole, ...starts);
}

function assertText(
  caller: string,
  given: {
    model: LanguageModel;
    tokenizer: Tokenizer;
    prompt: unknown;
    options: GenerateTextOptions;
  },
): void {
  const { model, tokenizer, prompt, options } = given;
  assertModule(caller, model);
  assertTokenizer(caller, tokenizer);
  const isGood = typeof prompt === 'string' || (Array.isArray(prompt) && prompt.every(isTokenId));
  if (!isGood) {
    throw new ArgumentError(
      `${caller}: prompt must be a text or a list of token ids, got ${quote(prompt)}.`,
    );
  }
  assertOptions(caller, options, { ...GENERATE_OPTIONS, stop: 'optional' });
  const { stop = [] } = options;
  const bad: unknown[] = Array.isArray(stop)
    ? stop.filter((end: unknown) => typeof end !== 'string' || end === '')
    : [stop];
  if (bad.length === 0) return;
  throw new ArgumentError(
    `${caller}: stop must be a list of texts of 1 character or more, got ${quote(bad[0])}.`,
  );
}
