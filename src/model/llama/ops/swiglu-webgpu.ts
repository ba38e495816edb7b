import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../../tensor/op';

type Inputs = Record<'gate' | 'up', tf.TensorInfo>;

/** gate σ(gate) up, in one dispatch. */
export function swigluWebGpu({ gate, up }: Inputs): tf.TensorInfo {
  return run('swiglu', { gate, up }, 'value * share * up[index]');
}

/**
 * dL/dgate = dL/dy up σ (1 + gate (1 - σ)) and dL/dup = dL/dy gate σ, in two dispatches: a shader
 * has one output.
 */
export function swigluGradientWebGpu({
  dy,
  gate,
  up,
}: Inputs & { dy: tf.TensorInfo }): Record<'gate' | 'up', tf.TensorInfo> {
  const slope = 'share * (1.0 + value * (1.0 - share))';
  return {
    gate: run('swiglu_gradient_gate', { dy, gate, up }, `dy[index] * up[index] * ${slope}`),
    up: run('swiglu_gradient_up', { dy, gate }, 'dy[index] * value * share'),
  };
}

/** Computes an expression of `value`, an element of gate, and its `share` σ, at each `index`. */
function run(
  name: string,
  inputs: { gate: tf.TensorInfo; up?: tf.TensorInfo; dy?: tf.TensorInfo },
  expression: string,
): tf.TensorInfo {
  return runOverElements({
    name,
    inputs,
    outputShape: inputs.gate.shape,
    body: `
        let value = gate[index];
        // If exp is infinite, σ is 0, as it should be.
        let share = 1.0 / (1.0 + exp(-value));
        result[index] = ${expression};`,
  });
}
