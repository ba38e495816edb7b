import type * as tf from '@tensorflow/tfjs';
import { Linear, type LinearLayer } from '../../nn';
import { loraLinear, type Scales } from './lora-linear';
import { loraUpdate } from './lora-update';

/**
 * h = W0 x + b + s B A x beside any layer, as one op on the tape; several updates in one pass as in
 * `loraLinear`. x [..., k], A [r, k], B [d, r] -> h [..., d], owned by the caller.
 */
export function forwardBeside(
  base: LinearLayer,
  x: tf.Tensor,
  A: tf.Tensor2D,
  B: tf.Tensor2D,
  scaling: Scales,
): tf.Tensor {
  const { bias } = base;
  if (base instanceof Linear) return loraLinear(x, base.weight, bias, A, B, scaling);
  return loraUpdate(x, (rows) => base.multiplyRows(rows), bias, A, B, scaling);
}
