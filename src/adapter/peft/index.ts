export {
  CONFIG_FILE,
  failFor,
  fileInside,
  MAX_CONFIG_BYTES,
  WEIGHTS_FILE,
  writeInto,
} from './adapter-files';
export { readFactors, tensorName } from './adapter-tensors';
export { baseParameters } from './base-parameters';
export { checkConfig } from './config';
export type { AdapterConfig } from './config';
export { replacedTables } from './embedding-tables';
export { loadAdapter } from './load-adapter';
export type { LoadedAdapter } from './load-adapter';
export { planLayers } from './plan-adapter';
export type { PlannedLayer } from './plan-adapter';
export { savePretrained, writeAdapter } from './save-pretrained';
export type { SaveOptions } from './save-pretrained';
export { trainBaseParameters } from './train-base-parameters';
export type { BaseTraining } from './train-base-parameters';
