import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu, type SumOfProducts } from '../../tensor/nn';
import { webGpuBackend } from '../../tensor/op';
import type { Scales } from './low-rank-product';

/** In two dispatches: s (x Aᵀ) [n, r], then W0 x, to which s B (A x) and b are added. */
export function loraLinearWebGpu(
  {
    x,
    w0,
    A,
    B,
    bias,
  }: Record<'x' | 'w0' | 'A' | 'B', tf.TensorInfo> & {
    bias: tf.TensorInfo | null;
  },
  { scaling }: { scaling: Scales },
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
