import type { Tokenizer } from '@huggingface/tokenizers';
import type { ChatOptions, ChatTemplate } from '../../model';
import { ArgumentError } from '../../tensor/errors';
import { IGNORED } from '../loop';
import type { ChatRow } from '../rows';
import type { Example } from './example';

/**
 * Encodes a conversation as the model's template writes it, with labels on what the assistant says.
 * An answer begins where the template, given all messages before it, asks for the assistant's next:
 * what the runtime writes is not learned, nor an empty thinking block, unless it is the row's own and
 * the template would not write it. An answer ends with its last special token, so that the model
 * learns to stop. An answer that the template writes in another way once more messages follow is
 * left out: the model would learn what it is never shown. (Qwen3 takes thoughts out of earlier
 * answers.)
 */
export function labelAnswers(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  { messages, tools }: ChatRow,
  given: ChatOptions,
): Example {
  const options = { ...(tools && { tools }), ...given };
  const text = template.render(messages, options);
  assertCalls(template, { messages, ...(tools && { tools }) }, given, text);
  const { ids } = tokenizer.encode(text, { add_special_tokens: false });
  const labels = new Array<number>(ids.length).fill(IGNORED);
  let answersLeftOut = 0;
  for (const [turn, { role }] of messages.entries()) {
    if (role !== 'assistant') continue;
    const span = spanOfAnswer(tokenizer, template, text, messages.slice(0, turn + 1), options);
    if (!span) answersLeftOut += 1;
    else {
      const start = countTokens(tokenizer, ids, text.slice(0, span.start), 'counts');
      const end = countTokens(tokenizer, ids, text.slice(0, span.end), 'does not count');
      for (let i = start; i < end; i++) labels[i] = ids[i] as number;
    }
  }
  return { ids, labels, ...(answersLeftOut > 0 && { answersLeftOut }) };
}

/** @throws ArgumentError if a row has calls of functions, but the template leaves them out */
function assertCalls(
  template: ChatTemplate,
  { messages, tools }: ChatRow,
  options: ChatOptions,
  text: string,
): void {
  if (!tools && !messages.some((one) => one.tool_calls)) return;
  const without = messages.map((one) => ({
    ...one,
    content: one.content ?? '',
    tool_calls: undefined,
  }));
  if (template.render(without, options) !== text) return;
  throw new ArgumentError(
    "labelAnswers: the model's template must write tools and tool_calls, but leaves them out. Write a call as the content of the answer.",
  );
}

/** A thinking block with nothing in it. */
const EMPTY_THOUGHT = /^<think>\s*<\/think>\s*/;

/** Finds the characters of the last message, an answer, in the text of all; null if they differ there. */
function spanOfAnswer(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  text: string,
  messages: ChatRow['messages'],
  options: object,
): { start: number; end: number } | null {
  const before = messages.slice(0, -1);
  if (before.length === 0) return null;
  const prompt = template.render(before, { ...options, generationPrompt: true });
  const whole = template.render(messages, options);
  if (!whole.startsWith(prompt) || !text.startsWith(whole)) return null;
  const answer = whole.slice(prompt.length);
  const [empty = ''] = EMPTY_THOUGHT.exec(answer) ?? [];
  const start =
    prompt.length + (isOfTemplate(template, messages, options, prompt + empty) ? empty.length : 0);
  return { start, end: prompt.length + endOf(tokenizer, answer) };
}

/** Tells if the template writes this beginning also where the last message has no empty thought. */
function isOfTemplate(
  template: ChatTemplate,
  messages: ChatRow['messages'],
  options: object,
  beginning: string,
): boolean {
  const last = messages.at(-1);
  const content = last?.content;
  if (!last || typeof content !== 'string' || !EMPTY_THOUGHT.test(content)) return true;
  const without = { ...last, content: content.replace(EMPTY_THOUGHT, '') };
  return template.render([...messages.slice(0, -1), without], options).startsWith(beginning);
}

/** The end of an answer: after its last special token if only space follows, else all of it. */
function endOf(tokenizer: Tokenizer, answer: string): number {
  const { length } = answer.trimEnd();
  const [last] = tokenizer
    .encode(answer.slice(0, length), { add_special_tokens: false })
    .ids.slice(-1);
  return last !== undefined && isSpecial(tokenizer, last) ? length : answer.length;
}

function isSpecial(tokenizer: Tokenizer, id: number): boolean {
  return tokenizer.decode([id], { skip_special_tokens: true }) === '';
}

/**
 * Counts the tokens of a text that lie within its beginning. A token across the end of that, such as
 * a newline of both sides, counts or not.
 */
function countTokens(
  tokenizer: Tokenizer,
  ids: readonly number[],
  beginning: string,
  across: 'counts' | 'does not count',
): number {
  const { ids: alone } = tokenizer.encode(beginning, { add_special_tokens: false });
  let count = 0;
  while (count < alone.length && alone[count] === ids[count]) count++;
  // Mostly these are all; else the last ones are cut in another way, and are told by their characters.
  let left = lengthOf(tokenizer, alone.slice(count));
  const next = () => lengthOf(tokenizer, ids.slice(count, count + 1));
  while (left > 0 && count < ids.length && next() <= left) {
    left -= next();
    count++;
  }
  return left > 0 && across === 'counts' ? count + 1 : count;
}

/** The number of characters of some tokens. */
function lengthOf(tokenizer: Tokenizer, ids: readonly number[]): number {
  if (ids.length === 0) return 0;
  const asWritten = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
  return tokenizer.decode([...ids], asWritten).length;
}
