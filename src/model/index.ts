/** What is adapted: language models, loaded, continued and saved. */
export { drawWeights, GPT2, readConfig, readWeights, weightShapes } from './gpt2';
export type { GPT2Config, MakeLinear } from './gpt2';
export { loadModel, loadTokenizer } from './load';
export type { LoadOptions } from './load';
export { saveModel } from './save';
export type { SaveOptions } from './save';
export { generate, generateText } from './transformer';
export type {
  GenerateOptions,
  GenerateTextOptions,
  IsDone,
  KeyValues,
  LanguageModel,
  LanguageModelConfig,
  SampleOptions,
  Weights,
} from './transformer';
