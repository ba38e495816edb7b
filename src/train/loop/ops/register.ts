import { registerOp } from '../../../tensor/op';
import { ADAM, adamKernels } from './adam';
import { adamWebGpu } from './adam-webgpu';
import { CROSS_ENTROPY_ROWS, crossEntropyRowsKernels } from './cross-entropy-rows';
import { crossEntropyRowsWebGpu } from './cross-entropy-rows-webgpu';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerTrainKernels(): void {
  registerOp(ADAM, { ...adamKernels, webgpu: adamWebGpu });
  registerOp(CROSS_ENTROPY_ROWS, { ...crossEntropyRowsKernels, webgpu: crossEntropyRowsWebGpu });
}
