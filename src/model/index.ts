/** Language models: loaded, continued and saved. */
export { drawWeights, GPT2, readConfig, weightLayout } from './gpt2';
export type { GPT2Config } from './gpt2';
export { loadModel, loadTokenizer } from './load';
export type { LoadOptions } from './load';
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
  SampleOptions,
  WeightLayout,
  Weights,
} from './transformer';
