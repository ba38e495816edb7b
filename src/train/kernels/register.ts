import { registerOp } from '../../runtime';
import { CROSS_ENTROPY_ROWS, crossEntropyRowsKernels } from './cross-entropy-rows';
import { crossEntropyRowsWebGpu } from './cross-entropy-rows-webgpu';

/** Enters the op in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerCrossEntropyRows(): void {
  registerOp(CROSS_ENTROPY_ROWS, { ...crossEntropyRowsKernels, webgpu: crossEntropyRowsWebGpu });
}
