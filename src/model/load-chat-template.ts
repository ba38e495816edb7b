import { readFile } from 'node:fs/promises';
import { type GgufValue, readGguf } from '../files/gguf';
import { HUB_OPTIONS, type HubOptions, namingDamage } from '../files/hub';
import { FileError, readJson } from '../files/local';
import { assertOptions, quote } from '../tensor/errors';
import { ChatTemplate, type Templates } from './chat-template';
import { finder, isGguf } from './find';
import { JinjaTemplate } from './jinja';

const CALLER = 'loadChatTemplate';

/** A model has no chat template: it was not taught to chat. */
export class NoChatTemplateError extends FileError {}

/** The special tokens that templates know, and their keys in GGUF files. */
const TOKENS = {
  bos_token: 'bos_token_id',
  eos_token: 'eos_token_id',
  unk_token: 'unknown_token_id',
  pad_token: 'padding_token_id',
};

/**
 * Loads a model's chat template from where `loadModel` finds the model: chat_template.jinja, else
 * `chat_template` in tokenizer_config.json, else what a GGUF file holds.
 * @throws NoChatTemplateError if the model has none, which is so for models that were not taught to
 *   chat; FileError if it is broken; for a name what `loadModel` throws
 */
export async function loadChatTemplate(
  nameFolderOrGguf: string,
  options: HubOptions = {},
): Promise<ChatTemplate> {
  assertOptions(CALLER, options, HUB_OPTIONS);
  return namingDamage(CALLER, () =>
    isGguf(nameFolderOrGguf)
      ? readFromGguf(nameFolderOrGguf)
      : readFiles(nameFolderOrGguf, options),
  );
}

async function readFromGguf(file: string): Promise<ChatTemplate> {
  const reader = await readGguf(file);
  await reader.close();
  const { metadata } = reader;
  const get = (key: string) => metadata.get(`tokenizer.ggml.${key}`);
  const texts = get('tokens') as GgufValue[] | undefined;
  const special = Object.entries(TOKENS).map(([name, key]): SpecialToken => [
    name,
    texts?.[get(key) as number],
  ]);
  return chatTemplate(file, metadata.get('tokenizer.chat_template'), special);
}

async function readFiles(model: string, options: HubOptions): Promise<ChatTemplate> {
  const find = finder(CALLER, model, options);
  const file = await find('chat_template.jinja', 'tokenizer_config.json');
  const json = await readJson(CALLER, await find('tokenizer_config.json'));
  const given = file.endsWith('.jinja') ? await readFile(file, 'utf8') : json.chat_template;
  const special = Object.keys(TOKENS).map((name): SpecialToken => [name, contentOf(json[name])]);
  return chatTemplate(file, given, special);
}

/** A token of tokenizer_config.json: its text, or an object that holds it. */
function contentOf(token: unknown): unknown {
  return typeof token === 'string' ? token : (token as { content?: unknown } | null)?.content;
}

/** A name that templates know, and the token's text if the model has it. */
type SpecialToken = [name: string, text: unknown];

/** @param given one template, or a list of them by name as older files have it */
function chatTemplate(file: string, given: unknown, tokens: SpecialToken[]): ChatTemplate {
  const named = (
    Array.isArray(given) ? given : [{ name: 'default', template: given }]
  ) as (Named | null)[];
  const texts = new Map(named.map((one) => [one?.name ?? '', one?.template]));
  if (typeof texts.get('default') !== 'string') {
    const fault = `chat_template must be a text, got ${quote(given)}. Was the model taught to chat? Names of those that were often end in -Instruct, -it or -chat.`;
    if (given === undefined || given === null) throw new NoChatTemplateError(CALLER, file, [fault]);
    throw new FileError(CALLER, file, [fault]);
  }
  const templates = [...texts].map(([name, text]) => [name, parse(file, text)]);
  const known = tokens.filter(([, token]) => typeof token === 'string');
  return new ChatTemplate(
    Object.fromEntries(templates) as Templates,
    Object.fromEntries(known) as Record<string, string>,
  );
}

interface Named {
  name: string;
  template: unknown;
}

function parse(file: string, text: unknown): JinjaTemplate {
  try {
    return new JinjaTemplate(text as string);
  } catch (error) {
    const fault = `chat_template must be Jinja that can be read: ${(error as Error).message}.`;
    throw new FileError(CALLER, file, [fault], error);
  }
}
