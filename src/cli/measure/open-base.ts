import type { Tokenizer } from '@huggingface/tokenizers';
import { BASE } from '../../course/shipped';
import { loadModel, loadTokenizer } from '../../model';
import type { LanguageModel } from '../../model/transformer';
import { useAccelerator } from '../../tensor/runtime';

/** Loads the shipped base and its tokenizer, after the accelerator is chosen. */
export async function openBase(): Promise<{ model: LanguageModel; tokenizer: Tokenizer }> {
  await useAccelerator();
  const model = await loadModel(BASE);
  return { model, tokenizer: await loadTokenizer(BASE, model.config) };
}
