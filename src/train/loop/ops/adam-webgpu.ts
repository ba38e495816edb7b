import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';

/** Runs Adam in three dispatches, since a shader has one output. */
export function adamWebGpu(
  { gradient, m: oldM, v: oldV }: Record<'gradient' | 'm' | 'v', tf.TensorInfo>,
  { beta1, beta2, epsilon, step }: Record<'beta1' | 'beta2' | 'epsilon' | 'step', number>,
): Record<'update' | 'm' | 'v', tf.TensorInfo> {
  const m = average({ old: oldM, gradient }, beta1, 'g');
  const v = average({ old: oldV, gradient }, beta2, 'g * g');
  const update = runOverElements({
    name: 'adam_update',
    inputs: { m, v },
    outputShape: gradient.shape,
    floats: { correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step, epsilon },
    body: `
        let root = sqrt(v[index] / uniforms.correction2);
        result[index] = m[index] / uniforms.correction1 / (root + uniforms.epsilon);`,
  });
  return { update, m, v };
}

/** Computes β old + (1 - β) · (an expression of `g`, an element of the gradient). */
function average(
  inputs: Record<'old' | 'gradient', tf.TensorInfo>,
  beta: number,
  expression: string,
): tf.TensorInfo {
  return runOverElements({
    name: `adam_average_${expression}`,
    inputs,
    outputShape: inputs.gradient.shape,
    floats: { beta, rest: 1 - beta },
    body: `
        let g = gradient[index];
        result[index] = uniforms.beta * old[index] + uniforms.rest * (${expression});`,
  });
}
