import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from '../../runtime';
import type { LoRALinearAttrs, LoRALinearInputs } from './lora-linear';
import {
  type LoRALinearInputGradientInputs,
  loraLinearInputGradientPlain,
} from './lora-linear-input-gradient';
import { loraLinearPlain } from './lora-linear-plain';

/** Updates of a larger rank are faster as two products, each with its pass over what it makes ... */
const SMALL_RANK = 16;
/** ... unless there are so few rows that what an op costs besides its arithmetic counts more. */
const FEW_ROWS = 64;

/** The kernel on TensorFlow's CPU: one pass over x and W0 x adds b + s B (A x) where that stands. */
export const loraLinearNative: tf.KernelFunc = (given) => {
  const { x, w0, A, B, bias } = given.inputs as LoRALinearInputs;
  const { scaling } = given.attrs as unknown as LoRALinearAttrs;
  if (A.shape[0] > SMALL_RANK && x.shape[0] > FEW_ROWS) return loraLinearPlain(given);
  return tf.tidy(() => {
    const product = tf.matMul(x, w0, false, true); // [n, d]
    const b = bias ?? tf.tensor1d([]);
    const scales = typeof scaling === 'number' ? tf.tensor2d([[scaling]]) : scaling;
    return runNativeOp(given.backend, 'LoraLinear', [product, x, A, B, b, scales]);
  });
};

/** dL/dx on TensorFlow's CPU: s (dy B) A is added where dy W0 stands. */
export const loraLinearInputGradientNative: tf.KernelFunc = (given) => {
  const { dy, w0, dS, A } = given.inputs as LoRALinearInputGradientInputs;
  if (A.shape[0] > SMALL_RANK && dy.shape[0] > FEW_ROWS) return loraLinearInputGradientPlain(given);
  return tf.tidy(() =>
    runNativeOp(given.backend, 'LoraLinearInputGradient', [tf.matMul(dy, w0), dS, A]),
  );
};
