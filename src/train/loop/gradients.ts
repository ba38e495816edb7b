import * as tf from '@tensorflow/tfjs';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';

/** Lists the trainable parameters by name; a parameter with two names is listed once. */
export function trainableParameters(module: Module): Map<string, tf.Variable> {
  const found = new Set<tf.Variable>();
  const trainable = [...module.namedParameters()].filter(([, parameter]) => {
    if (!parameter.trainable || found.has(parameter)) return false;
    found.add(parameter);
    return true;
  });
  if (trainable.length === 0) {
    throw new ArgumentError('train: module must have a trainable parameter, got none.');
  }
  return new Map(trainable);
}

/**
 * Computes the mean loss over some batches and its gradients by parameter name, owned by the
 * caller. A parameter that no loss depends on has no gradient. The activations of one batch at a
 * time are in memory.
 * @throws ShapeError if a loss is not a scalar; whatever `loss` throws. Nothing leaks then.
 */
export function lossAndGradients<Batch>(
  parameters: ReadonlyMap<string, tf.Variable>,
  loss: (batch: Batch) => tf.Tensor,
  batches: readonly Batch[],
): { loss: tf.Tensor; gradients: tf.NamedTensorMap } {
  return tf.tidy(() => {
    let total: tf.NamedTensorMap = {};
    let totalLoss: tf.Tensor = tf.scalar(0);
    for (const batch of batches) {
      const share = () => assertScalar(loss(batch)).div<tf.Scalar>(batches.length);
      const sum = tf.tidy(() => {
        const { value, gradients } = gradientsOf(parameters, share);
        return { loss: totalLoss.add(value), gradients: addByName(total, gradients) };
      });
      tf.dispose([totalLoss, total]);
      ({ loss: totalLoss, gradients: total } = sum);
    }
    return { loss: totalLoss, gradients: total };
  });
}

function gradientsOf(parameters: ReadonlyMap<string, tf.Variable>, loss: () => tf.Scalar) {
  try {
    const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
    const named = [...parameters].flatMap(([name, { name: id }]) =>
      grads[id] ? [[name, grads[id]]] : [],
    );
    return { value, gradients: Object.fromEntries(named) as tf.NamedTensorMap };
  } catch (error) {
    freeTape();
    throw error;
  }
}

/** Frees the tensors saved for backward: after a throw tfjs drops the tape without freeing them. */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

function assertScalar(loss: tf.Tensor): tf.Tensor {
  if (loss.rank === 0) return loss;
  throw new ShapeError(`train: loss must return a scalar, got shape [${loss.shape.join(', ')}].`);
}

function addByName(a: tf.NamedTensorMap, b: tf.NamedTensorMap): tf.NamedTensorMap {
  const sum = { ...a };
  for (const [name, tensor] of Object.entries(b)) {
    const before = a[name];
    sum[name] = before ? before.add(tensor) : tensor;
  }
  return sum;
}
