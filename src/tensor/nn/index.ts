import { registerNnKernels } from './ops/register';

export { asMatrix } from './as-matrix';
export { Dropout } from './dropout';
export { Embedding } from './embedding';
export { matchesEntry, valueFor } from './layer-names';
export type { ByName } from './layer-names';
export type { HostLinear, MakeLinear } from './host-linear';
export { assertLastAxis, LinearLayer } from './linear-layer';
export { Linear } from './linear';
export type { LinearOptions, LinearWeights } from './linear';
export { countParameters, Module, modulesOf } from './module';
export type { ParameterCount } from './module';
export { disposeAll, makeLayers, mergeLayers, putLayers, restoreBases } from './replace-layers';
export { linearNative } from './ops/linear-native';
export { linearProduct } from './ops/linear-product';
export { multiplyWebGpu } from './ops/multiply-webgpu';
export type { PackedMatrix, SumOfProducts } from './ops/sum-of-products';

registerNnKernels();
