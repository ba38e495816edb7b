import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../runtime';
import { GELU, GELU_GRADIENT, geluGradient, geluGradientKernels, geluKernels } from './gelu';
import {
  LAYER_NORM,
  LAYER_NORM_GRADIENT,
  layerNormGradient,
  layerNormGradientKernels,
  layerNormKernels,
} from './layer-norm';
import {
  MASKED_SOFTMAX,
  MASKED_SOFTMAX_GRADIENT,
  maskedSoftmaxGradient,
  maskedSoftmaxGradientKernels,
  maskedSoftmaxKernels,
} from './masked-softmax';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerGpt2Kernels(): void {
  registerOp(LAYER_NORM, layerNormKernels);
  registerOp(LAYER_NORM_GRADIENT, layerNormGradientKernels);
  registerOp(GELU, geluKernels);
  registerOp(GELU_GRADIENT, geluGradientKernels);
  registerOp(MASKED_SOFTMAX, maskedSoftmaxKernels);
  registerOp(MASKED_SOFTMAX_GRADIENT, maskedSoftmaxGradientKernels);
  for (const gradient of [layerNormGradient, geluGradient, maskedSoftmaxGradient]) {
    tf.registerGradient(gradient);
  }
}
