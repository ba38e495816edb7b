export type { DownloadProgress } from './download';
export { DownloadError, HubError } from './hub-error';
export { findFile } from './find-file';
export { hubFile, isHubName } from './hub';
export type { HubOptions } from './hub';
