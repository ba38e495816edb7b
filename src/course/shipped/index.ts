export { BASE, readResults, resultsFile } from './shipped';
export type { ResultRow } from './shipped';
export { compareMeans, mean, standardDeviation } from './statistics';
export type { Comparison } from './statistics';
