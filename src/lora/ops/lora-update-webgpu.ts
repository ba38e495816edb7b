import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu } from '../../tensor/nn';
import type { WebGpuBackend } from '../../tensor/op';
import type { LoRALinearAttrs } from './lora-linear';
import type { LoRAUpdateInputs } from './lora-update';

/** In two dispatches: s (x Aᵀ) [n, r], and the sum as s B (A x) is written. */
export const loraUpdateWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, product, A, B, bias } = inputs as LoRAUpdateInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  const low = multiplyWebGpu(backend, { products: [[x, A]], transpose: true, scaling });
  const h = multiplyWebGpu(backend, {
    products: [[low, B]],
    transpose: true,
    bias,
    addend: product,
  });
  (backend as unknown as WebGpuBackend).disposeData(low.dataId);
  return h;
};
