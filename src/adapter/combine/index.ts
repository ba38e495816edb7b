export { combineAdapters } from './combine-adapters';
export type { WeightedAdapter } from './combine-adapters';
export { byFactors, bySvd, cat } from './methods';
export type { CombineMethod } from './methods';
export { dareLinear, dareTies, magnitudePrune, sum, ties } from './rules';
export type { MergeRule } from './rules';
