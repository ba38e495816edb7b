export type { DownloadProgress } from './download';
export { DownloadError, HubError } from './hub-error';
export { hubFile, isHubName } from './hub';
export type { HubOptions } from './hub';
export { ModelFileError } from './model-file-error';
export { readJson } from './read-json';
