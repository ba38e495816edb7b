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
export { decodeBfloat16, decodeFloat16, encodeFloat16 } from './float16';
export { bytesOf, memory } from './memory';
export type { MemoryReport } from './memory';
export { runNativeOp, runNativeOpOf } from './native-ops';
export { peakBytes } from './peak-bytes';
export { Random } from './random';
export type { Key } from './random';
export { read } from './read';
export { registerOp } from './register-op';
export type { Kernels } from './register-op';
export { runOverElements } from './run-over-elements';
export { runOverRows } from './run-over-rows';
export { runWebGpu } from './run-webgpu';
export { isStrict } from './strict';
export type { WebGpuBackend } from './webgpu-backend';
