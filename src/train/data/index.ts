export { drawBatches, makeBatch } from './batch';
export type { Batch } from './batch';
export { completionLogProbabilities, completionLoss, meanLoss } from './completion-loss';
export { encodeRows } from './example';
export type { Example } from './example';
export { meanInterval } from './mean-interval';
export { repeat } from './repeat';
export { mean, standardDeviation } from './statistics';
export { studentQuantile } from './student-quantile';
