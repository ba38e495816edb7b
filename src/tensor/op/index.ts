export { replaceThinProducts } from './few-row-matmul';
export { openNativeOps, runNativeOp, runNativeOpOf } from './native-ops';
export { isReference, registerOp, replaceKernel } from './register-op';
export type { Kernels } from './register-op';
export { runOverElements } from './run-over-elements';
export { runOverRows } from './run-over-rows';
export { runWebGpu } from './run-webgpu';
export { ENABLE_SUBGROUPS, SUBGROUPS } from './webgpu-backend';
export type { WebGpuBackend } from './webgpu-backend';
