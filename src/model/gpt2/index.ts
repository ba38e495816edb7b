export { checkConfig, readConfig } from './config';
export type { GPT2Config } from './config';
export { drawWeights } from './draw-weights';
export { GPT2 } from './model';
export { weightLayout } from './weight-layout';
