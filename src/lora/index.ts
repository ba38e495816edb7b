export { countParameters, Linear, Module } from '../tensor/nn';
export type { LinearOptions, LinearWeights, ParameterCount } from '../tensor/nn';
export { Dora, dora } from './dora';
export { freezeBaseModel } from './freeze';
export { gaussian, kaimingUniform, orthogonal } from './init';
export type { Init } from './init';
export {
  formatTrainableParameters,
  injectLora,
  mergeLora,
  removeLora,
  loraLayersOf,
} from './inject';
export type { InjectOptions } from './inject';
export { LoRALayer } from './lora-layer';
export type { LoRALayerOptions, LoRAOptions } from './lora-layer';
export { applyLoraToLinear, LoRALinear, removeLoraFromLinear } from './lora-linear';
export type { LoRALinearOptions } from './lora-linear';
export { mergeLoraWeights, unmergeLoraWeights } from './merge';
export { assertOneAdapter } from './one-adapter';
export { adaptedForward } from './ops/adapted-forward';
export { loraLinear } from './ops/lora-linear';
export { rsLora } from './scaling';
export type { Scaling } from './scaling';
export type { TargetModules } from './target-modules';
export type { Variant } from './variant';
