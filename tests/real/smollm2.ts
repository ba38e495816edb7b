import { smolLM2Gguf } from '../../src/course/shipped';
import {
  type LanguageModel,
  type LanguageModelConfig,
  loadModel,
  type LoadOptions,
} from '../../src/model';
import { useAccelerator } from '../../src/tensor/runtime';

/** What a tokenizer must know of the model. */
export const SMOLLM2_CONFIG: LanguageModelConfig = {
  vocabSize: 49152,
  maxPositions: 8192,
  eosTokenIds: [2],
};

/** Finds SmolLM2's GGUF file, from which the fixtures were made, or fetches it. */
export function smolLM2File(): Promise<string> {
  return smolLM2Gguf({ say: console.log });
}

/** Loads the model on the accelerator of the suite. */
export async function loadSmolLM2(options: LoadOptions = {}): Promise<LanguageModel> {
  await useAccelerator();
  return loadModel(await smolLM2File(), options);
}
