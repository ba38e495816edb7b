import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type SumOfProducts } from '../../tensor/nn';
import type { WebGpuBackend } from '../../tensor/op';
import type { LoRALinearAttrs, LoRALinearInputs } from './lora-linear';
import type { LoRALinearInputGradientInputs } from './lora-linear-input-gradient';
import type { LowRankGradientsInputs } from './low-rank-gradients';

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

/** In four dispatches, a product each. */
export const lowRankGradientsWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { dy, x, A, B } = inputs as LowRankGradientsInputs;
  const { scaling } = attrs as unknown as LoRALinearAttrs;
  const low = (left: tf.Tensor2D, factor: tf.Tensor2D, transpose: boolean) =>
    tf
      .engine()
      .makeTensorFromTensorInfo(
        multiplyWebGpu(backend, { products: [[left, factor]], transpose, scaling }),
      ) as tf.Tensor2D;
  return tf.tidy(() => {
    const dS = low(dy, B, false);
    return [dS, tf.matMul(dS, x, true), tf.matMul(dy, low(x, A, true), true)];
  });
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
