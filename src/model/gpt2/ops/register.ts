import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../../tensor/op';
import { GELU, GELU_GRADIENT, geluGradient, geluGradientKernels, geluKernels } from './gelu';
import { geluGradientWebGpu, geluWebGpu } from './gelu-webgpu';
import {
  LAYER_NORM,
  LAYER_NORM_GRADIENT,
  layerNormGradient,
  layerNormGradientKernels,
  layerNormKernels,
} from './layer-norm';
import { layerNormGradientWebGpu, layerNormWebGpu } from './layer-norm-webgpu';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerGpt2Kernels(): void {
  registerOp(LAYER_NORM, { ...layerNormKernels, webgpu: layerNormWebGpu });
  registerOp(LAYER_NORM_GRADIENT, { ...layerNormGradientKernels, webgpu: layerNormGradientWebGpu });
  registerOp(GELU, { ...geluKernels, webgpu: geluWebGpu });
  registerOp(GELU_GRADIENT, { ...geluGradientKernels, webgpu: geluGradientWebGpu });
  for (const gradient of [layerNormGradient, geluGradient]) {
    tf.registerGradient(gradient);
  }
}
