export { compareMeans } from './compare-means';
export type { Comparison } from './compare-means';
export { histogram } from './histogram';
export { pairedDifference, wilson } from './intervals';
export type { Interval } from './intervals';
export { mean, standardDeviation } from '../../train/data';
export { quantiles } from './quantiles';
export { timeInTurn, timed } from './time-in-turn';
export type { Spread } from './time-in-turn';
