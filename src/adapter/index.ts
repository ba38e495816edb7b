/** What becomes of an adapter: saved, loaded, combined, one of many on a base. */
export { AdapterBank, BASE_ALONE } from './bank';
export type { Adapt, BankMemory } from './bank';
export { olora, pissa, startFromBase, toPlainLora } from './base-init';
export type { BaseInit } from './base-init';
export {
  byFactors,
  bySvd,
  cat,
  combineAdapters,
  dareLinear,
  dareTies,
  magnitudePrune,
  sum,
  ties,
} from './combine';
export type { Rule, Way, WeightedAdapter } from './combine';
export {
  embeddingUpdatesOf,
  injectEmbeddings,
  LoRAEmbedding,
  mergeEmbeddings,
  removeEmbeddings,
} from './embedding';
export type { EmbeddingOptions } from './embedding';
export { convertFromMlx, convertToMlx } from './mlx';
export type { ConvertOptions } from './mlx';
export { AdapterError, loadAdapter, savePretrained, trainWhole } from './peft';
export type { AdapterConfig, LoadedAdapter, SaveOptions, WholeTraining } from './peft';
