import { registerNnKernels } from './kernels/register';

export { Dropout } from './dropout';
export { Embedding } from './embedding';
export { linearNative } from './kernels/linear-native';
export { linearProduct } from './kernels/linear-product';
export { multiplyWebGpu } from './kernels/multiply-webgpu';
export type { PackedMatrix, SumOfProducts } from './kernels/sum-of-products';
export { assertPositiveIntegers, Linear } from './linear';
export type { LinearOptions, LinearWeights } from './linear';
export { assertLastAxis, LinearLayer } from './linear-layer';
export { countParameters, Module, modulesOf } from './module';
export type { ParameterCount } from './module';
export { overRows } from './over-rows';

registerNnKernels();
