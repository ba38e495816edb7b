/** Adapters: saved, loaded, combined, converted, and many of them on one base. */
export { AdapterBank, BASE_ALONE } from './bank';
export type { Adapt, BankMemory } from './bank';
export { olora, pissa, initFromBase, convertToLora } from './base-init';
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
export type { MergeRule, CombineMethod, WeightedAdapter } from './combine';
export {
  loraEmbeddingsOf,
  injectEmbeddings,
  LoRAEmbedding,
  mergeEmbeddings,
  removeEmbeddings,
} from './embedding';
export type { EmbeddingOptions } from './embedding';
export { convertFromMlx, convertToMlx } from './mlx';
export type { ConvertOptions } from './mlx';
export { loadAdapter, savePretrained, trainBaseParameters } from './peft';
export type { AdapterConfig, LoadedAdapter, SaveOptions, BaseTraining } from './peft';
