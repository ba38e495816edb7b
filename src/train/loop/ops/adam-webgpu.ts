import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';
import type { AdamAttrs, AdamInputs } from './adam';

/** In three dispatches: a shader has one output. */
export const adamWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { gradient, m: oldM, v: oldV } = inputs as AdamInputs;
  const { beta1, beta2, epsilon, step } = attrs as AdamAttrs;
  const m = average(backend, { old: oldM, gradient }, beta1, 'g');
  const v = average(backend, { old: oldV, gradient }, beta2, 'g * g');
  const update = runOverElements(backend, {
    name: 'adam_update',
    inputs: { m, v },
    outputShape: gradient.shape,
    floats: { correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step, epsilon },
    body: `
        let root = sqrt(v[index] / uniforms.correction2);
        result[index] = m[index] / uniforms.correction1 / (root + uniforms.epsilon);`,
  });
  return [update, m, v];
};

/** β old + (1 - β) times an expression of `g`, an element of the gradient. */
function average(
  backend: unknown,
  inputs: Record<'old' | 'gradient', tf.Tensor>,
  beta: number,
  expression: string,
): tf.TensorInfo {
  return runOverElements(backend, {
    name: `adam_average_${expression}`,
    inputs,
    outputShape: inputs.gradient.shape,
    floats: { beta, rest: 1 - beta },
    body: `
        let g = gradient[index];
        result[index] = uniforms.beta * old[index] + uniforms.rest * (${expression});`,
  });
}
