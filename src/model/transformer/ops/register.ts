import * as tf from '@tensorflow/tfjs';
import { registerOp } from '../../../tensor/op';
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
export function registerTransformerKernels(): void {
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
  for (const gradient of [maskedSoftmaxGradient, splitHeadsGradient, residualGradient]) {
    tf.registerGradient(gradient);
  }
}
