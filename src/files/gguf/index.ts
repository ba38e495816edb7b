export { GgufError } from './error';
export type { GgufTensor } from './header';
export type { GgufValue } from './metadata';
export { readGguf } from './read-gguf';
export type { GgufReader } from './read-gguf';
