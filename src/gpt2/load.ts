import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import * as tf from '@tensorflow/tfjs';
import { type GPT2Config, readConfig } from './config';
import { ModelFileError } from './error';
import { GPT2 } from './model';
import { readJson } from './read-json';
import { readWeights } from './weights';

/**
 * Loads a GPT-2 from a folder in Hugging Face's layout: config.json and model.safetensors.
 * Everything is checked before anything is built.
 * @throws ModelFileError listing every fault, SafetensorsError if the weights file is broken
 */
export async function loadModel(folder: string): Promise<GPT2> {
  const config = await readConfig(path.join(folder, 'config.json'));
  const weights = await readWeights(path.join(folder, 'model.safetensors'), config);
  try {
    return new GPT2(config, weights);
  } finally {
    tf.dispose([...weights.values()]);
  }
}

/**
 * Loads the tokenizer of a folder in Hugging Face's layout, and checks that it fits the model.
 * @throws ModelFileError if tokenizer.json is missing or broken, or has ids beyond the vocabulary
 */
export async function loadTokenizer(folder: string, config: GPT2Config): Promise<Tokenizer> {
  const caller = 'loadTokenizer';
  const file = path.join(folder, 'tokenizer.json');
  const json = await readJson(caller, file);
  const tokenizer = parseTokenizer(json, (fault, cause) => {
    throw new ModelFileError(caller, file, [fault], cause);
  });
  const beyond = [...tokenizer.get_vocab(true)].find(([, id]) => !(id < config.vocabSize));
  if (!beyond) return tokenizer;
  const shown = `${JSON.stringify(beyond[0])} = ${beyond[1]}`;
  throw new ModelFileError(caller, file, [
    `each token id must be below the model's vocab_size ${config.vocabSize}, got ${shown}. Does the tokenizer belong to this model?`,
  ]);
}

function parseTokenizer(json: object, fail: (fault: string, cause: unknown) => never): Tokenizer {
  try {
    // Python's default; the library's own would drop spaces before punctuation.
    return new Tokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (error) {
    return fail(`the file must hold a tokenizer: ${(error as Error).message}.`, error);
  }
}
