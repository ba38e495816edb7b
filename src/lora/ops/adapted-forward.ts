import type * as tf from '@tensorflow/tfjs';
import { type Dropout, Linear, type LinearLayer, asMatrix } from '../../tensor/nn';
import { addAdapter } from './add-adapter';
import { loraLinear } from './lora-linear';
import type { Scales } from './low-rank-product';

/**
 * h = W0 x + b + s B A x for an adapter on any layer, as one op on the tape; several adapters in one
 * pass as in `loraLinear`. x [..., k], A [r, k], B [d, r] -> h [..., d], owned by the caller.
 * @param dropout applied to x for the adapter alone
 */
export function adaptedForward(
  base: LinearLayer,
  x: tf.Tensor,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
  dropout?: Dropout,
): tf.Tensor {
  const { bias } = base;
  const drops = dropout?.isActive;
  if (base instanceof Linear && !drops) return loraLinear(x, base.weight, bias, A, B, scaling);
  return asMatrix(x, (rows) => {
    const seen = drops ? dropout.forward(rows) : rows;
    return addAdapter({ x: seen, product: base.multiplyRows(rows), A, B, bias }, { scaling });
  });
}
