import { registerTransformerKernels } from './ops/register';

export { attentionMask, positions } from './attention';
export type { KeyValues } from './attention';
export { generate, generateText } from './generate';
export type { GenerateOptions, GenerateTextOptions, IsDone } from './generate';
export { LanguageModel } from './language-model';
export type { LanguageModelConfig } from './language-model';
export { maskedSoftmax } from './ops/masked-softmax';
export { residual } from './ops/residual';
export { splitHeads } from './ops/split-heads';
export { readWeights } from './read-weights';
export { sample } from './sample';
export type { SampleOptions } from './sample';
export type { WeightLayout } from './weight-layout';
export { linearOf, weightsBelow } from './weights';
export type { Weights } from './weights';
export { writeWeights } from './write-weights';

registerTransformerKernels();
