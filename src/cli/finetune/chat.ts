import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { loadAdapter } from '../../adapter';
import { readJson } from '../../files/local';
import { type ChatMessage, encodeChat, type GenerateTextOptions, streamText } from '../../model';
import { ArgumentError, LoraError, quote } from '../../tensor/errors';
import { type OpenModel, openModel } from './open-model';

/** What `npm run chat` is asked for. */
interface ChatArgs {
  model: string;
  /** a folder with PEFT's files */
  adapter: string | undefined;
  system: string | undefined;
  options: GenerateTextOptions;
}

/**
 * Talks with a model, with an adapter or without: reads questions line by line, and streams the
 * answers. A line `/new` begins a new conversation.
 * @returns 0 at the end of the input
 */
export async function chat(args: string[]): Promise<number> {
  const { model: name, adapter, system, options } = await parseChatArgs(args);
  const open = await openModel(name);
  if (adapter !== undefined) {
    await loadAdapter(open.model, adapter);
    console.log(`With the adapter in ${adapter}.`);
  }
  const begin = (): ChatMessage[] =>
    system === undefined ? [] : [{ role: 'system', content: system }];
  let messages = begin();
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
  console.log('Write a line; /new begins a new conversation, Ctrl-D ends.');
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() === '/new') messages = begin();
    else if (line.trim() !== '') {
      messages = await talk(open, [...messages, { role: 'user', content: line }], options);
    }
    lines.prompt();
  }
  open.model.dispose();
  return 0;
}

/** Answers the last message. @returns the conversation; without that message if it can't be answered */
async function talk(
  open: OpenModel,
  messages: ChatMessage[],
  options: GenerateTextOptions,
): Promise<ChatMessage[]> {
  try {
    return [...messages, { role: 'assistant', content: await answer(open, messages, options) }];
  } catch (error) {
    if (!(error instanceof LoraError)) throw error;
    console.log(`${error.message} /new begins a new conversation.`);
    return messages.slice(0, -1);
  }
}

/** Writes the model's answer piece by piece. @returns all of it */
async function answer(
  { model, tokenizer, template }: OpenModel,
  messages: readonly ChatMessage[],
  options: GenerateTextOptions,
): Promise<string> {
  const last = String(messages.at(-1)?.content);
  const prompt = template
    ? encodeChat(tokenizer, template, messages, { generationPrompt: true })
    : tokenizer.encode(last).ids;
  let text = '';
  for await (const piece of streamText(model, tokenizer, prompt, options)) {
    process.stdout.write(piece);
    text += piece;
  }
  process.stdout.write('\n');
  return text.trim();
}

async function parseChatArgs(args: string[]): Promise<ChatArgs> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      adapter: { type: 'string' },
      system: { type: 'string' },
      temperature: { type: 'string', default: '0' },
      'max-new-tokens': { type: 'string', default: '256' },
      seed: { type: 'string', default: '0' },
    },
  });
  const number = (key: 'temperature' | 'max-new-tokens' | 'seed') => {
    const value = Number(values[key]);
    if (values[key].trim() !== '' && Number.isFinite(value)) return value;
    throw new ArgumentError(`chat: --${key} must be a number, got ${quote(values[key])}.`);
  };
  const { adapter, system } = values;
  const model = values.model ?? (adapter === undefined ? undefined : await baseOf(adapter));
  if (!model) {
    throw new ArgumentError(
      'chat: --model or --adapter must be given, such as --model HuggingFaceTB/SmolLM2-135M-Instruct.',
    );
  }
  const options = {
    maxNewTokens: number('max-new-tokens'),
    temperature: number('temperature'),
    seed: number('seed'),
  };
  return { model, adapter, system, options };
}

/** The base model that an adapter was made for. */
async function baseOf(adapter: string): Promise<string> {
  const file = path.join(adapter, 'adapter_config.json');
  const { base_model_name_or_path: base } = await readJson('chat', file);
  if (typeof base === 'string' && base !== '') return base;
  throw new ArgumentError(`chat: ${file} names no base model. Name it: --model.`);
}
