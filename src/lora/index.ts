import { registerLoraKernels } from './kernels/register';

export { countParameters, Linear, Module } from '../nn';
export type { LinearOptions, LinearWeights, ParameterCount } from '../nn';
export { Dora, dora } from './dora';
export { freezeBaseModel } from './freeze';
export { gaussian, kaimingUniform, orthogonal } from './init';
export type { Init } from './init';
export {
  formatTrainableParameters,
  injectLora,
  mergeLora,
  removeLora,
  updatesOf,
  valueFor,
} from './inject';
export type { ByName, InjectOptions } from './inject';
export { forwardBeside } from './kernels/forward-beside';
export { loraLinear } from './kernels/lora-linear';
export { LoRALayer } from './lora-layer';
export type { LoRALayerOptions, LoRAOptions } from './lora-layer';
export { applyLoraToLinear, LoRALinear, removeLoraFromLinear } from './lora-linear';
export type { LoRALinearOptions, Variant } from './lora-linear';
export { mergeLoraWeights, unmergeLoraWeights } from './merge';
export { rsLora } from './scaling';
export type { Scaling } from './scaling';
export type { TargetModules } from './target-modules';

registerLoraKernels();
