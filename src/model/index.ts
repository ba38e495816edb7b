/** Language models: loaded, continued and saved. */
export { ChatTemplate, encodeChat } from './chat-template';
export type { ChatMessage, ChatOptions } from './chat-template';
export { createModel } from './create-model';
export type { CreateOptions } from './create-model';
export { drawWeights, GPT2, readConfig, weightLayout } from './gpt2';
export type { GPT2Config } from './gpt2';
export { loadChatTemplate, NoChatTemplateError } from './load-chat-template';
export { loadModel } from './load';
export type { LoadOptions } from './load';
export { loadTokenizer } from './load-tokenizer';
export { saveModel } from './save';
export type { SaveOptions } from './save';
export { generate, generateText, readWeights, streamText } from './transformer';
export type {
  GenerateOptions,
  GenerateTextOptions,
  IsDone,
  KeyValues,
  LanguageModel,
  LanguageModelConfig,
  ModelSource,
  Prompt,
  SampleOptions,
  WeightLayout,
  Weights,
} from './transformer';
