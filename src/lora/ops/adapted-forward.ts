import type * as tf from '@tensorflow/tfjs';
import { type Dropout, Linear, type LinearLayer, asMatrix } from '../../tensor/nn';
import { loraLinear, type Scales } from './lora-linear';
import { loraUpdate } from './lora-update';

/**
 * h = W0 x + b + s B A x beside any layer, as one op on the tape; several updates in one pass as in
 * `loraLinear`. x [..., k], A [r, k], B [d, r] -> h [..., d], owned by the caller.
 * @param dropout what A alone sees x through
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
    return loraUpdate(seen, base.multiplyRows(rows), bias, A, B, scaling);
  });
}
