export { describeAccelerator, useAccelerator } from './accelerator';
export type { Accelerator, AcceleratorName } from './accelerator';
export {
  AcceleratorError,
  ArgumentError,
  DisposedError,
  LoraError,
  NonFiniteError,
  ShapeError,
} from './errors';
export { bytesOf, memory } from './memory';
export type { MemoryReport } from './memory';
export { peakBytes } from './peak-bytes';
export { Random } from './random';
export { read } from './read';
export { registerOp } from './register-op';
export { isStrict } from './strict';
