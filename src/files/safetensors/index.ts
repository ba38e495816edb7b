export { SafetensorsError } from './error';
export type { TensorInfo } from './header';
export { readSafetensors } from './read-safetensors';
export type { SafetensorsReader } from './read-safetensors';
export { openWeights, readShardNames } from './read-shards';
export { writeSafetensors } from './write-safetensors';
export type { TensorToWrite } from './write-safetensors';
