export { answerRows, exactMatch } from './answer';
export type { Answer } from './answer';
export { drawBatches, makeBatch } from './batch';
export type { Batch } from './batch';
export { completionLoss, countLabels, meanLoss } from './completion-loss';
export { encodeRows } from './example';
export type { Example } from './example';
export { drawPretrainingBatches } from './pretraining';
