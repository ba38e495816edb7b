import { registerLinearCrossEntropy } from './linear-cross-entropy';
import { registerTrainKernels } from './ops/register';
import { registerSparseCrossEntropy } from './sparse-cross-entropy';

export { loadCheckpoint, saveCheckpoint } from './checkpoint';
export type { Checkpoint } from './checkpoint';
export { clipByGlobalNorm, globalNorm } from './clip';
export { linearCrossEntropy } from './linear-cross-entropy';
export { loraPlus } from './lora-plus';
export { adamW, Optimizer } from './optimizer';
export type { AdamWOptions, ParameterState } from './optimizer';
export { IGNORED } from './row-weights';
export { constant, cosineDecay, linearDecay, warmUp } from './schedule';
export type { Schedule } from './schedule';
export { sparseCrossEntropy } from './sparse-cross-entropy';
export { train } from './train';
export type { TrainingStep, TrainOptions } from './train';
export { addDecayedWeights, chain, scaleByAdam, scaleByName } from './transform';
export type { AdamOptions, ParameterStep, Slots, Transform } from './transform';

registerSparseCrossEntropy();
registerTrainKernels();
registerLinearCrossEntropy();
