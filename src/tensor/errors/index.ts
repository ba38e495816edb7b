export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export { assertFinite, nonFiniteFault } from './finite';
export { assertFunction } from './function';
export { plainName } from './foreign-names';
export { kindOf } from './kind-of';
export { listFaults } from './list-faults';
export { nearest } from './nearest';
export { assertOptions } from './options';
export type { NoOptions, OptionKeys } from './options';
export { assertPositiveIntegers } from './positive-integers';
export { quote } from './quote';
