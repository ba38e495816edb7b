import { registerGpt2Kernels } from './kernels/register';

export { readConfig } from './config';
export type { GPT2Config } from './config';
export type { DownloadProgress } from './download';
export { ModelFileError } from './error';
export { generate, generateText } from './generate';
export type { GenerateOptions, GenerateTextOptions, IsDone } from './generate';
export { DownloadError, HubError } from './hub-error';
export type { HubOptions } from './hub';
export type { KeyValues, Weights } from './layers';
export { loadModel, loadTokenizer } from './load';
export type { LoadOptions } from './load';
export { GPT2 } from './model';
export type { SampleOptions } from './sample';
export { saveModel } from './save';
export type { SaveOptions } from './save';
export { drawWeights, readWeights, weightShapes } from './weights';
export type { MakeLinear } from './weights';

registerGpt2Kernels();
