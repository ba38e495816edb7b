import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type SumOfProducts } from '../../tensor/nn';
import { webGpuBackend } from '../../tensor/op';
import type { AdapterInputs, ScalingAttrs } from './low-rank-product';

/** In two dispatches: s (x Aᵀ) [n, r], then W0 x, to which s B (A x) and b are added. */
export function loraLinearWebGpu(
  { x, w0, A, B, bias }: AdapterInputs & { w0: tf.Tensor2D },
  { scaling }: ScalingAttrs,
): tf.TensorInfo {
  const low = multiplyWebGpu({ products: [[x, A]], transpose: true, scaling });
  const products: SumOfProducts['products'] = [
    [x, w0],
    [low, B],
  ];
  const h = multiplyWebGpu({ products, transpose: true, bias });
  webGpuBackend().disposeData(low.dataId);
  return h;
}

/** dy W0 + dS A in one dispatch. */
export function loraLinearInputGradientWebGpu({
  dy,
  w0,
  dS,
  A,
}: Record<'dy' | 'w0' | 'dS' | 'A', tf.TensorInfo>): tf.TensorInfo {
  const products: SumOfProducts['products'] = [
    [dy, w0],
    [dS, A],
  ];
  return multiplyWebGpu({ products, transpose: false });
}
