export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export { nearest } from './nearest';
export { assertPositiveIntegers } from './positive-integers';
export { quote } from './quote';
