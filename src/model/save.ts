import path from 'node:path';
import { writeFileAtomically } from '../files/local';
import { type LanguageModel, writeWeights } from './transformer';

/** How numbers are stored. */
export interface SaveOptions {
  /** F16 halves the file and rounds each weight */
  dtype?: 'F32' | 'F16';
}

/**
 * Writes model.safetensors, then config.json, into a folder that exists: the inverse of
 * `loadModel`. transformers loads it too. The caller copies the tokenizer's files.
 * @throws ArgumentError if the model holds adapters, NonFiniteError on NaN weights,
 *   SafetensorsError if the disk is full; a file that was there before is then as it was
 */
export async function saveModel(
  model: LanguageModel,
  folder: string,
  { dtype = 'F32' }: SaveOptions = {},
): Promise<void> {
  model.assertAlive('saveModel');
  const file = path.join(folder, 'model.safetensors');
  await writeWeights(file, model.weightLayout, model.namedParameters(), dtype);
  const json = `${JSON.stringify(model.configJson(), null, 2)}\n`;
  await writeFileAtomically(path.join(folder, 'config.json'), [json]);
}
