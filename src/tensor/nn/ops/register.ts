import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../op';
import { DROPOUT, dropoutGradient, dropoutKernels } from './dropout';
import { dropoutWebGpu } from './dropout-webgpu';
import { FROZEN_LINEAR, frozenLinearGradient, frozenLinearKernels } from './frozen-linear';
import { LINEAR_PRODUCT, linearProductGradient, linearProductKernels } from './linear-product';
import { FOLD, foldGradient, foldKernels } from './reshape-untaped';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerNnKernels(): void {
  registerOp(DROPOUT, { ...dropoutKernels, webgpu: dropoutWebGpu });
  registerOp(FOLD, foldKernels);
  registerOp(FROZEN_LINEAR, frozenLinearKernels);
  registerOp(LINEAR_PRODUCT, linearProductKernels);
  tf.registerGradient(dropoutGradient);
  tf.registerGradient(foldGradient);
  tf.registerGradient(frozenLinearGradient);
  tf.registerGradient(linearProductGradient);
}
