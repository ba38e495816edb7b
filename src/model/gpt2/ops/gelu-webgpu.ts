import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';
import { GELU_A, GELU_B, type GeluGradientInputs, type GeluInputs } from './gelu';

/** x σ(u), u = a x + b x³, in one dispatch. */
export const geluWebGpu: tf.KernelFunc = ({ inputs, backend }) => {
  const { x } = inputs as GeluInputs;
  return run(backend, 'gelu', { x }, 'value * gate');
};

/** dL/dy (σ + x σ (1 - σ) u'), u' = a + 3 b x², in one dispatch. */
export const geluGradientWebGpu: tf.KernelFunc = ({ inputs, backend }) => {
  const { dy, x } = inputs as GeluGradientInputs;
  const slope = `${GELU_A} + ${3 * GELU_B} * value * value`;
  const gradient = `gate * (1.0 + value * (1.0 - gate) * (${slope}))`;
  return run(backend, 'gelu_gradient', { x, dy }, `dy[index] * ${gradient}`);
};

/** An expression of `value`, an element of x, and of its `gate` σ(u), at each `index`. */
function run(
  backend: unknown,
  name: string,
  inputs: { x: tf.Tensor; dy?: tf.Tensor },
  expression: string,
): tf.TensorInfo {
  return runOverElements(backend, {
    name,
    inputs,
    outputShape: inputs.x.shape,
    body: `
        let value = x[index];
        // Where exp is infinite, so is u: σ is 0 as it should.
        let gate = 1.0 / (1.0 + exp(-value * (${GELU_A} + ${GELU_B} * value * value)));
        result[index] = ${expression};`,
  });
}
