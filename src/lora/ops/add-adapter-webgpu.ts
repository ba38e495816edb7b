import type * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu } from '../../tensor/nn';
import { webGpuBackend } from '../../tensor/op';
import type { AdapterInputs, ScalingAttrs } from './low-rank-product';

/** In two dispatches: s (x Aᵀ) [n, r], then s B (A x), to which the product and b are added. */
export function addAdapterWebGpu(
  { x, product, A, B, bias }: AdapterInputs & { product: tf.Tensor2D },
  { scaling }: ScalingAttrs,
): tf.TensorInfo {
  const low = multiplyWebGpu({ products: [[x, A]], transpose: true, scaling });
  const h = multiplyWebGpu({ products: [[low, B]], transpose: true, bias, addend: product });
  webGpuBackend().disposeData(low.dataId);
  return h;
}
