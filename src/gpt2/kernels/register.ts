import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../runtime';
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
import {
  MASKED_SOFTMAX,
  MASKED_SOFTMAX_GRADIENT,
  maskedSoftmaxGradient,
  maskedSoftmaxGradientKernels,
  maskedSoftmaxKernels,
} from './masked-softmax';
import { maskedSoftmaxGradientWebGpu, maskedSoftmaxWebGpu } from './masked-softmax-webgpu';
import { RESIDUAL, residualGradient, residualKernels } from './residual';
import {
  SPLIT_HEADS,
  SPLIT_HEADS_GRADIENT,
  splitHeadsGradient,
  splitHeadsGradientKernels,
  splitHeadsKernels,
} from './split-heads';
import { splitHeadsGradientWebGpu, splitHeadsWebGpu } from './split-heads-webgpu';

/** Enters the ops in the tfjs registry, for every backend; a later call replaces an earlier. */
export function registerGpt2Kernels(): void {
  registerOp(LAYER_NORM, { ...layerNormKernels, webgpu: layerNormWebGpu });
  registerOp(LAYER_NORM_GRADIENT, { ...layerNormGradientKernels, webgpu: layerNormGradientWebGpu });
  registerOp(GELU, { ...geluKernels, webgpu: geluWebGpu });
  registerOp(GELU_GRADIENT, { ...geluGradientKernels, webgpu: geluGradientWebGpu });
  registerOp(MASKED_SOFTMAX, { ...maskedSoftmaxKernels, webgpu: maskedSoftmaxWebGpu });
  registerOp(MASKED_SOFTMAX_GRADIENT, {
    ...maskedSoftmaxGradientKernels,
    webgpu: maskedSoftmaxGradientWebGpu,
  });
  registerOp(SPLIT_HEADS, { ...splitHeadsKernels, webgpu: splitHeadsWebGpu });
  registerOp(SPLIT_HEADS_GRADIENT, {
    ...splitHeadsGradientKernels,
    webgpu: splitHeadsGradientWebGpu,
  });
  registerOp(RESIDUAL, residualKernels);
  for (const gradient of [
    layerNormGradient,
    geluGradient,
    maskedSoftmaxGradient,
    splitHeadsGradient,
    residualGradient,
  ]) {
    tf.registerGradient(gradient);
  }
}
