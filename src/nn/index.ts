export { assertLastAxis, assertPositiveIntegers, Linear } from './linear';
export type { LinearOptions, LinearWeights } from './linear';
export { countParameters, Module } from './module';
export type { ParameterCount } from './module';
