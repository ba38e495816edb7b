export { checkConfig } from './config';
export type { Family, LlamaConfig } from './config';
export { FAMILIES } from './families';
export { Llama } from './model';
export { weightLayout } from './weight-layout';
