export { combineAdapters } from './combine-adapters';
export type { WeightedAdapter } from './combine-adapters';
export { dareLinear, dareTies, magnitudePrune, sum, ties } from './rules';
export type { Rule } from './rules';
export { byFactors, bySvd, cat } from './ways';
export type { Way } from './ways';
