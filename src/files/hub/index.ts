export type { DownloadProgress } from './download';
export { DownloadError, HubError } from './hub-error';
export { findFile } from './find-file';
export { HUB_OPTIONS } from './ask-hub';
export type { HubOptions } from './ask-hub';
export { hubFile, hubFileIfAny, isCached } from './hub';
export { hubDataset, isHubName } from './hub-name';
export { namingDamage } from './damage';
