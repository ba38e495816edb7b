import path from 'node:path';
import { writeFileAtomically } from '../files/local';
import { configJson, type GPT2, writeWeights } from './gpt2';

/** How numbers are stored. */
export interface SaveOptions {
  /** F16 halves the file and rounds each weight */
  dtype?: 'F32' | 'F16';
}

/**
 * The inverse of `loadModel`: writes model.safetensors, then config.json, into a folder that
 * exists; transformers loads it too. The tokenizer's files are the caller's to copy.
 * @throws ArgumentError if the model holds updates, NonFiniteError on NaN weights,
 *   SafetensorsError if the disk is full; a file that was there before is then as it was
 */
export async function saveModel(
  model: GPT2,
  folder: string,
  { dtype = 'F32' }: SaveOptions = {},
): Promise<void> {
  model.assertAlive('saveModel');
  const { config } = model;
  const file = path.join(folder, 'model.safetensors');
  await writeWeights(file, config, model.namedParameters(), dtype);
  const json = `${JSON.stringify(configJson(config), null, 2)}\n`;
  await writeFileAtomically(path.join(folder, 'config.json'), [json]);
}
