export { checkConfig } from './config';
export type { Family, LlamaConfig } from './config';
export { drawWeights } from './draw-weights';
export { FAMILIES } from './families';
export { Llama } from './model';
export { frequencies } from './rope';
export { weightLayout } from './weight-layout';
