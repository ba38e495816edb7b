import { registerGpt2Kernels } from './ops/register';

export { configJson, readConfig } from './config';
export type { GPT2Config } from './config';
export { GPT2 } from './model';
export { drawWeights, readWeights, weightShapes, writeWeights } from './weights';
export type { MakeLinear } from './weights';

registerGpt2Kernels();
