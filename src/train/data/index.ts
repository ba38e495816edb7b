export { drawBatches, makeBatch } from './batch';
export type { Batch } from './batch';
export { completionLogProbabilities, completionLoss, meanLoss } from './completion-loss';
export { encodeRows } from './example';
export type { Example } from './example';
export { repeat } from './repeat';
