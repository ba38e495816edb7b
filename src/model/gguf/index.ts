export { openGgufModel } from './gguf-model';
export type { GgufModel } from './gguf-model';
export { tokenizerJson } from './tokenizer-json';
