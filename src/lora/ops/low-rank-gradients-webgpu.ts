import * as tf from '@tensorflow/tfjs';
import { multiplyWebGpu } from '../../tensor/nn';
import type { Scales } from './low-rank-product';

/** In four dispatches, one for each product. */
export function lowRankGradientsWebGpu(
  { dy, x, A, B }: Record<'dy' | 'x' | 'A' | 'B', tf.Tensor2D>,
  { scaling }: { scaling: Scales },
): Record<'dS' | 'dA' | 'dB', tf.Tensor> {
  const low = (left: tf.Tensor2D, factor: tf.Tensor2D, transpose: boolean) => {
    const made = multiplyWebGpu({ products: [[left, factor]], transpose, scaling });
    return tf.engine().makeTensorFromTensorInfo(made) as tf.Tensor2D;
  };
  return tf.tidy(() => {
    const dS = low(dy, B, false);
    return { dS, dA: tf.matMul(dS, x, true), dB: tf.matMul(dy, low(x, A, true), true) };
  });
}
