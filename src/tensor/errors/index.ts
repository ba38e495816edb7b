export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export { assertFinite, nonFiniteFault } from './finite';
export { plainName } from './foreign-names';
export { kindOf } from './kind-of';
export { nearest } from './nearest';
export { assertOptions } from './options';
export type { OptionKeys } from './options';
export { assertPositiveIntegers } from './positive-integers';
export { quote } from './quote';
