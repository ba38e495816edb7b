export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export { assertFinite, nonFiniteFault } from './finite';
export { nearest } from './nearest';
export { assertPositiveIntegers } from './positive-integers';
export { quote } from './quote';
