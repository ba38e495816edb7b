import * as tf from '@tensorflow/tfjs';
import { ArgumentError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { countedLoss, type Loss } from './counted-loss';
import { haveOneRatio, weightOf } from './counts';

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

/** The loss of a step and its gradients by parameter name. */
type LossAndGradients = { loss: tf.Tensor; gradients: tf.NamedTensorMap };

/**
 * Computes the mean loss over some batches and its gradients by parameter name, owned by the
 * caller: Σ nᵢ Lᵢ / Σ nᵢ, where nᵢ is how much batch i counts, so that it is the same however rows
 * are cut into batches. A parameter that no loss depends on has no gradient. The activations of one
 * batch at a time are in memory.
 * @throws ShapeError if a loss is not a scalar; ArgumentError if nothing counts in any batch;
 *   whatever `loss` throws. Nothing leaks then.
 */
export function lossAndGradients<Batch>(
  parameters: ReadonlyMap<string, tf.Variable>,
  loss: Loss<Batch>,
  batches: readonly Batch[],
): LossAndGradients {
  return tf.tidy(() => {
    const { counts, ...mean } = meanOf(parameters, loss, batches, weightOf);
    if (batches.length === 1 || haveOneRatio(counts)) return mean;
    warnOnce(loss);
    if (counts.every(({ length }) => length === 0)) return mean;
    tf.dispose([mean.loss, mean.gradients]);
    const { loss: value, gradients } = meanOf(parameters, loss, batches, (counted) =>
      weightOf(counted) > 0 ? 1 : 0,
    );
    return { loss: value, gradients };
  });
}

/** Computes the mean over the batches, each with the weight that follows from its counts. */
function meanOf<Batch>(
  parameters: ReadonlyMap<string, tf.Variable>,
  loss: Loss<Batch>,
  batches: readonly Batch[],
  weigh: (counts: readonly number[]) => number,
): LossAndGradients & { counts: number[][] } {
  const counts: number[][] = [];
  let sum: LossAndGradients = { loss: tf.scalar(0), gradients: {} };
  let total = 0;
  for (const batch of batches) {
    let weight = 0;
    const share = () => {
      const counted = countedLoss(loss, batch);
      counts.push(counted.counts);
      weight = weigh(counted.counts);
      if (weight === 0) return zeroOf(parameters);
      return counted.loss.mul<tf.Scalar>(batches.length === 1 ? 1 : weight);
    };
    const before = sum;
    sum = tf.tidy(() => {
      const { value, gradients } = gradientsOf(parameters, share);
      if (weight === 0) return before;
      return { loss: before.loss.add(value), gradients: addByName(before.gradients, gradients) };
    });
    if (sum !== before) tf.dispose([before.loss, before.gradients]);
    total += weight;
  }
  if (total === 0) {
    throw new ArgumentError(
      `train: a step must have a label or row that counts, got none in ${batches.length} batches. Leave such batches out.`,
    );
  }
  return { ...(batches.length === 1 ? sum : divided(sum, total)), counts };
}

/** 0, as a function of a parameter: tfjs wants a loss to depend on one. */
function zeroOf(parameters: ReadonlyMap<string, tf.Variable>): tf.Scalar {
  const [first] = parameters.values();
  return (first as tf.Variable).sum().mul<tf.Scalar>(0);
}

/** Divides and frees the sums. */
function divided({ loss, gradients }: LossAndGradients, total: number): LossAndGradients {
  const over = (tensor: tf.Tensor) => {
    const mean = tensor.div(total);
    tensor.dispose();
    return mean;
  };
  const means = Object.entries(gradients).map(([name, gradient]) => [name, over(gradient)]);
  return { loss: over(loss), gradients: Object.fromEntries(means) as tf.NamedTensorMap };
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
    if (!/^Cannot find a connection/.test((error as Error | null)?.message ?? '')) throw error;
    throw new ArgumentError(
      'train: loss must depend on a trainable parameter of the module, got one that depends on none.',
    );
  }
}

/** Frees the tensors saved for backward: after a throw tfjs drops the tape without freeing them. */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

function addByName(a: tf.NamedTensorMap, b: tf.NamedTensorMap): tf.NamedTensorMap {
  const sum = { ...a };
  for (const [name, tensor] of Object.entries(b)) {
    const before = a[name];
    sum[name] = before ? before.add(tensor) : tensor;
  }
  return sum;
}

const warned = new WeakSet<object>();

/** Warns, once for each loss, that batches of different sizes are weighed equally. */
function warnOnce(loss: object): void {
  if (warned.has(loss)) return;
  warned.add(loss);
  process.emitWarning(
    'train: the loss does not tell how much each batch counts, so all batches of a step count the same. If they differ in labels or rows, return { loss, count }.',
    'LoraWarning',
  );
}
