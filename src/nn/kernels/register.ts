import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../runtime';
import { FOLD, foldGradient, foldKernels } from './fold';
import { FROZEN_LINEAR, frozenLinearGradient, frozenLinearKernels } from './frozen-linear';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerNnKernels(): void {
  registerOp(FOLD, foldKernels);
  registerOp(FROZEN_LINEAR, frozenLinearKernels);
  tf.registerGradient(foldGradient);
  tf.registerGradient(frozenLinearGradient);
}
