import path from 'node:path';
import { writeFileAtomically } from '../files/local';
import { assertOptions, type OptionKeys } from '../tensor/errors';
import { assertModule } from '../tensor/nn';
import { type LanguageModel, writeWeights } from './transformer';

/** How numbers are stored. */
export interface SaveOptions {
  /** F16 halves the file and rounds each weight */
  dtype?: 'F32' | 'F16';
}

const OPTIONS: OptionKeys<SaveOptions> = { dtype: 'optional' };

/** The keys of config.json that name how numbers are stored, and Hugging Face's names of that. */
const DTYPE_KEYS = ['dtype', 'torch_dtype'];
const DTYPES = { F32: 'float32', F16: 'float16' };

/**
 * Writes model.safetensors, then generation_config.json and config.json, into a folder that exists:
 * the inverse of `loadModel`, which keeps all keys that these files had. transformers loads it too.
 * The caller copies the tokenizer's files.
 * @throws ArgumentError if the model holds adapters, NonFiniteError on NaN weights,
 *   SafetensorsError if the disk is full; a file that was there before is then as it was
 */
export async function saveModel(
  model: LanguageModel,
  folder: string,
  options: SaveOptions = {},
): Promise<void> {
  assertModule('saveModel', model);
  assertOptions('saveModel', options, OPTIONS);
  const { dtype = 'F32' } = options;
  const file = path.join(folder, 'model.safetensors');
  await writeWeights(file, model.weightLayout, model.namedParameters(), dtype);
  await writeJson(folder, 'generation_config.json', model.generationConfigJson());
  const config = model.configJson();
  for (const key of DTYPE_KEYS) if (key in config) config[key] = DTYPES[dtype];
  await writeJson(folder, 'config.json', config);
}

function writeJson(folder: string, name: string, json: Record<string, unknown>): Promise<void> {
  const text = `${JSON.stringify(json, null, 2)}\n`;
  return writeFileAtomically(path.join(folder, name), [text]);
}
