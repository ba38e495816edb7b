import type { Tokenizer } from '@huggingface/tokenizers';
import { readGguf } from '../files/gguf';
import { HUB_OPTIONS, type HubOptions, namingDamage } from '../files/hub';
import { FileError, readJson } from '../files/local';
import { ArgumentError, assertOptions, kindOf } from '../tensor/errors';
import { readBpe } from './bpe-tokenizer';
import { finder, isGguf } from './find';
import { tokenizerJson } from './gguf';
import { makeTokenizer } from './make-tokenizer';
import type { LanguageModelConfig } from './transformer';

const CALLER = 'loadTokenizer';

/**
 * Loads the tokenizer of a model from where `loadModel` finds the model, and checks that it fits:
 * tokenizer.json, or vocab.json and merges.txt, or what a GGUF file holds.
 * @throws ArgumentError if the config is left out, FileError if the file is missing or broken, or has
 *   ids beyond the vocabulary, and for a name what `loadModel` throws
 */
export async function loadTokenizer(
  nameFolderOrGguf: string,
  config: LanguageModelConfig,
  options: HubOptions = {},
): Promise<Tokenizer> {
  assertConfig(config);
  assertOptions(CALLER, options, HUB_OPTIONS);
  return namingDamage(CALLER, async () => {
    const { file, json } = isGguf(nameFolderOrGguf)
      ? await readFromGguf(nameFolderOrGguf)
      : await readFiles(nameFolderOrGguf, options);
    return checkTokenizer(file, json, config);
  });
}

/** A tokenizer.json, and the file that it comes from. */
interface Source {
  file: string;
  json: object;
}

async function readFromGguf(file: string): Promise<Source> {
  const reader = await readGguf(file);
  await reader.close();
  return { file, json: tokenizerJson(CALLER, file, reader.metadata) };
}

async function readFiles(model: string, options: HubOptions): Promise<Source> {
  const find = finder(CALLER, model, options);
  const file = await find('tokenizer.json', 'vocab.json');
  const isOld = file.endsWith('vocab.json');
  const json = isOld
    ? await readBpe(CALLER, file, await find('merges.txt'))
    : await readJson(CALLER, file);
  return { file, json };
}

function assertConfig(config: unknown): void {
  if (typeof (config as Partial<LanguageModelConfig> | undefined)?.vocabSize === 'number') return;
  throw new ArgumentError(
    `${CALLER}: config must be that of the model, which must have vocabSize, got ${kindOf(config)}. Write ${CALLER}(name, model.config).`,
  );
}

function checkTokenizer(file: string, json: object, config: LanguageModelConfig): Tokenizer {
  const tokenizer = parseTokenizer(json, (fault, cause) => {
    throw new FileError(CALLER, file, [fault], cause);
  });
  const beyond = [...tokenizer.get_vocab(true)].find(([, id]) => !(id < config.vocabSize));
  if (!beyond) return tokenizer;
  const shown = `${JSON.stringify(beyond[0])} = ${beyond[1]}`;
  throw new FileError(CALLER, file, [
    `each token id must be below the model's vocab_size ${config.vocabSize}, got ${shown}. Does the tokenizer belong to this model?`,
  ]);
}

function parseTokenizer(json: object, fail: (fault: string, cause: unknown) => never): Tokenizer {
  try {
    return makeTokenizer(json);
  } catch (error) {
    return fail(`the file must hold a tokenizer: ${(error as Error).message}.`, error);
  }
}
