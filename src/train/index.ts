/** Training: batches of rows, the loss, the optimiser, the loop, checkpoints. */
export {
  completionLogProbabilities,
  completionLoss,
  drawBatches,
  encodeRows,
  makeBatch,
  meanLoss,
} from './data';
export type { Batch, Example } from './data';
export {
  adamW,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  constant,
  cosineDecay,
  globalNorm,
  IGNORED,
  linearCrossEntropy,
  linearDecay,
  loadCheckpoint,
  loraPlus,
  Optimizer,
  saveCheckpoint,
  scaleByAdam,
  scaleByName,
  sparseCrossEntropy,
  train,
  warmUp,
} from './loop';
export type {
  AdamOptions,
  AdamWOptions,
  Checkpoint,
  ParameterState,
  ParameterStep,
  Schedule,
  Slots,
  TrainingStep,
  TrainOptions,
  Transform,
} from './loop';
