/** Training: rows of data, batches, the loss, the optimiser, the loop, checkpoints. */
export {
  completionLogProbabilities,
  completionLoss,
  cutExamples,
  describeExamples,
  drawBatches,
  encodeRows,
  labelledPieces,
  makeBatch,
  meanInterval,
  meanLoss,
  packExamples,
  repeat,
} from './data';
export {
  assertNoRun,
  assertSameRecipe,
  answerAll,
  adapterOf,
  completeRecipe,
  fineTune,
  RECIPE,
  runFolder,
  validationLoss,
} from './finetune';
export type {
  Answer,
  FineTuneOptions,
  FineTuneStep,
  Recipe,
  Validation,
  ValidationLoss,
} from './finetune';
export type { Batch, CutExamples, Example, LabelledPiece } from './data';
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
  CountedLoss,
  Loss,
  ParameterState,
  ParameterStep,
  Schedule,
  Slots,
  TrainingStep,
  TrainOptions,
  Transform,
} from './loop';
export { readData } from './rows';
export type { ChatRow, Data, PromptRow, Row, Rows, TextRow } from './rows';
