export type { AdapterConfig } from './config';
export { AdapterError } from './error';
export { loadAdapter } from './load-adapter';
export type { LoadedAdapter } from './load-adapter';
export { savePretrained } from './save-pretrained';
export type { SaveOptions } from './save-pretrained';
