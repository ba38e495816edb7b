/** Files on disk and on the hub: safetensors, downloads, writes that happen whole or not at all. */
export { readSafetensors, SafetensorsError, writeSafetensors } from './safetensors';
export type { SafetensorsReader, TensorInfo, TensorToWrite } from './safetensors';
export { DownloadError, HubError } from './hub';
export type { DownloadProgress, HubOptions } from './hub';
export { FileError, writeFileAtomically } from './local';
