import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type SumOfProducts } from '../../nn';
import type { WebGpuBackend } from '../../runtime';
import type { LoRALinearAttrs, LoRALinearInputs } from './lora-linear';
import type { LoRALinearInputGradientInputs } from './lora-linear-input-gradient';
import type { LowRankFactorAttrs, LowRankFactorInputs } from './low-rank-factor';

/** In two dispatches: s (x Aᵀ) [n, r], and all the rest as W0 x is written. */
export const loraLinearWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, w0, A, B, bias } = inputs as LoRALinearInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  const low = multiplyWebGpu(backend, { products: [[x, A]], transpose: true, scaling });
  const products: SumOfProducts['products'] = [
    [x, w0],
    [low, B],
  ];
  const h = multiplyWebGpu(backend, { products, transpose: true, bias });
  (backend as unknown as WebGpuBackend).disposeData(low.dataId);
  return h;
};

/** In one dispatch. */
export const lowRankFactorWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, factor } = inputs as LowRankFactorInputs;
  const { scaling, transpose } = attrs as unknown as LowRankFactorAttrs;
  return multiplyWebGpu(backend, { products: [[x, factor]], transpose, scaling });
};

/** In one dispatch. */
export const loraLinearInputGradientWebGpu: tf.KernelFunc = ({ inputs, backend }) => {
  const { dy, w0, dS, A } = inputs as LoRALinearInputGradientInputs;
  const products: SumOfProducts['products'] = [
    [dy, w0],
    [dS, A],
  ];
  return multiplyWebGpu(backend, { products, transpose: false });
};
