import type * as tf from '@tensorflow/tfjs';
import { adam } from './ops/adam';

/** State of a transform for one parameter between steps: tensors of its shape, by name. */
export type Slots = tf.NamedTensorMap;

/** The parameter that an update is for. */
export interface ParameterStep {
  name: string;
  /** before the update */
  value: tf.Tensor;
  /** the number of the update of this parameter; the first is 1 */
  step: number;
}

/**
 * One part of an optimiser: computes the update of one parameter from its gradient, or from the
 * update of the transform before it. Pure; the optimiser frees intermediates and keeps the slots.
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

/** Chains transforms. Their slots must have different names. */
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

/** The decay rates of Adam's two averages, and ε, which keeps its division finite. */
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
 * this parameter, not the steps of the training.
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
 * Adds weight decay, update + λ θ, if `decays(name)`: decoupled from the scaling of the gradient.
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
 * Scales by ratio(name) · update: own learning rates for some parameters, such as `loraPlus` gives.
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
