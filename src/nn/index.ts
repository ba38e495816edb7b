export { Dropout } from './dropout';
export { Embedding } from './embedding';
export { assertPositiveIntegers, Linear } from './linear';
export type { LinearOptions, LinearWeights } from './linear';
export { assertLastAxis, LinearLayer } from './linear-layer';
export { countParameters, Module } from './module';
export type { ParameterCount } from './module';
