import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';

/** u = a x + b x³ */
type Curve = { a: number; b: number };

/** x σ(u), in one dispatch. */
export function geluWebGpu({ x }: { x: tf.TensorInfo }, curve: Curve): tf.TensorInfo {
  return run('gelu', { x }, curve, 'value * gate');
}

/** dL/dy (σ + x σ (1 - σ) u'), u' = a + 3 b x², in one dispatch. */
export function geluGradientWebGpu(
  { dy, x }: Record<'dy' | 'x', tf.TensorInfo>,
  { a, b }: Curve,
): tf.TensorInfo {
  const slope = `${a} + ${3 * b} * value * value`;
  const gradient = `gate * (1.0 + value * (1.0 - gate) * (${slope}))`;
  return run('gelu_gradient', { x, dy }, { a, b }, `dy[index] * ${gradient}`);
}

/** Computes an expression of `value`, an element of x, and its `gate` σ(u), at each `index`. */
function run(
  name: string,
  inputs: { x: tf.TensorInfo; dy?: tf.TensorInfo },
  { a, b }: Curve,
  expression: string,
): tf.TensorInfo {
  return runOverElements({
    name,
    inputs,
    outputShape: inputs.x.shape,
    body: `
        let value = x[index];
        // If exp is infinite, σ is 0, as it should be.
        let gate = 1.0 / (1.0 + exp(-value * (${a} + ${b} * value * value)));
        result[index] = ${expression};`,
  });
}
