export type { AdapterConfig } from './config';
export { convertFromMlx, convertToMlx } from './convert-mlx';
export type { ConvertOptions } from './convert-mlx';
export { AdapterError } from './error';
export { loadAdapter } from './load-adapter';
export type { LoadedAdapter } from './load-adapter';
export { savePretrained } from './save-pretrained';
export type { SaveOptions } from './save-pretrained';
