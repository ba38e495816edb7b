import type * as tf from '@tensorflow/tfjs';
import { adam } from './ops/adam';

/** What a transform keeps of one parameter between steps: tensors of its shape, by name. */
export type Slots = tf.NamedTensorMap;

/** The parameter that an update is for. */
export interface ParameterStep {
  name: string;
  /** before the update */
  value: tf.Tensor;
  /** which update of this parameter it is; the first is 1 */
  step: number;
}

/**
 * One piece of an optimiser: turns the gradient of one parameter into its update, bit by bit.
 * Pure; the optimiser tidies up after it and keeps its slots.
 */
export interface Transform {
  /** The slots before the first step. */
  start(value: tf.Tensor): Slots;
  apply(
    update: tf.Tensor,
    slots: Slots,
    parameter: ParameterStep,
  ): { update: tf.Tensor; slots: Slots };
}

/** One transform after the other. Their slots must have different names. */
export function chain(...transforms: Transform[]): Transform {
  return {
    start: (value) =>
      transforms.reduce<Slots>((slots, next) => ({ ...slots, ...next.start(value) }), {}),
    apply: (update, slots, parameter) =>
      transforms.reduce(
        (before, next) => {
          const after = next.apply(before.update, before.slots, parameter);
          return { update: after.update, slots: { ...before.slots, ...after.slots } };
        },
        { update, slots },
      ),
  };
}

/** The decay rates of Adam's two averages, and what keeps its division finite. */
export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,
 * update = m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)
 *
 * (Kingma and Ba 2015, algorithm 1; ε after the root, as in PyTorch.) t counts the updates of
 * this parameter, not of the training.
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamOptions = {}): Transform {
  return {
    start: (value) => ({ m: value.zerosLike(), v: value.zerosLike() }),
    apply: (gradient, slots, { step }) => {
      const { m, v } = slots as { m: tf.Tensor; v: tf.Tensor };
      const rates = { beta1, beta2, epsilon, step };
      const { update, ...moments } = adam({ gradient, m, v }, rates);
      return { update, slots: moments };
    },
  };
}

/**
 * update + λ θ, where `decays` says so: decay beside the gradient's scaling, not through it.
 * (Loshchilov and Hutter 2019, algorithm 2)
 */
export function addDecayedWeights(
  weightDecay: number,
  decays: (name: string) => boolean = () => true,
): Transform {
  return stateless((update, { name, value }) =>
    decays(name) ? update.add(value.mul(weightDecay)) : update,
  );
}

/**
 * ratio(name) · update: a learning rate of its own for some parameters, such as `loraPlus` gives.
 */
export function scaleByName(ratio: (name: string) => number): Transform {
  return stateless((update, { name }) => update.mul(ratio(name)));
}

function stateless(apply: (update: tf.Tensor, parameter: ParameterStep) => tf.Tensor): Transform {
  return {
    start: () => ({}),
    apply: (update, slots, parameter) => ({ update: apply(update, parameter), slots }),
  };
}
