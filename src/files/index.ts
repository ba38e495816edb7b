/** Files on disk and on the hub: safetensors, GGUF, downloads, writes that happen whole or not at all. */
export { GgufError, readGguf } from './gguf';
export type { GgufReader, GgufTensor, GgufValue } from './gguf';
export { readSafetensors, SafetensorsError, writeSafetensors } from './safetensors';
export type { SafetensorsReader, TensorInfo, TensorToWrite } from './safetensors';
export { DownloadError, HubError } from './hub';
export type { DownloadProgress, HubOptions } from './hub';
export { FileError, writeFileAtomically } from './local';
