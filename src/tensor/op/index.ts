/**
 * How an op is written. `defineOp` makes a typed call of up to three kernels; what they are made of:
 * tfjs ops (reference), `runNativeOp` (compiled, in `.cc` files), `runWebGpu` and its two shorthands
 * (WGSL). The one kernel of tfjs's own that is replaced, and where, is in `replace-kernel.ts`.
 */
export { assertBackendChosen, isBackendChosen } from './backend-choice';
export { defineOp, isReference, kernelRuns } from './define-op';
export type { NoAttrs, Op } from './define-op';
export { replaceFewRowMatMul } from './few-row-matmul';
export { kernelFile, openNativeOps, runNativeOp, runNativeOpOf } from './native-ops';
export type { KernelVersion } from './native-ops';
export { processorFlags } from './processor-flags';
export { replaceKernel } from './replace-kernel';
export { runOverElements } from './webgpu/run-over-elements';
export { runOverRows } from './webgpu/run-over-rows';
export { runWebGpu } from './webgpu/run-webgpu';
export { ENABLE_SUBGROUPS, SUBGROUPS, webGpuBackend } from './webgpu/webgpu-backend';
export type { WebGpuBackend } from './webgpu/webgpu-backend';
