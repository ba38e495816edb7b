import type * as tf from '@tensorflow/tfjs';
import { ArgumentError, assertOptions, type OptionKeys } from '../../tensor/errors';
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

export const ADAM_OPTIONS: OptionKeys<AdamOptions> = {
  beta1: 'optional',
  beta2: 'optional',
  epsilon: 'optional',
};

/**
 * m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,
 * update = m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)
 *
 * (Kingma and Ba 2015, algorithm 1; ε after the root, as in PyTorch.) t counts the updates of
 * this parameter, not the steps of the training.
 * @throws ArgumentError listing every option that is unknown or out of range
 */
export function scaleByAdam(options: AdamOptions = {}): Transform {
  assertOptions('scaleByAdam', options, ADAM_OPTIONS);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  assertAdamOptions({ beta1, beta2, epsilon });
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
 * @throws ArgumentError if λ is negative or not finite
 */
export function addDecayedWeights(
  weightDecay: number,
  decays: (name: string) => boolean = () => true,
): Transform {
  if (!(weightDecay >= 0 && weightDecay < Infinity)) {
    throw new ArgumentError(
      `addDecayedWeights: weightDecay must be a number of at least 0, got ${weightDecay}.`,
    );
  }
  return stateless((update, { name, value }) =>
    decays(name) ? update.add(value.mul(weightDecay)) : update,
  );
}

/**
 * Scales by ratio(name) · update: own learning rates for some parameters, such as `loraPlus` gives.
 * @throws ArgumentError in a step, if the ratio of a parameter is not a finite number
 */
export function scaleByName(ratio: (name: string) => number): Transform {
  return stateless((update, { name }) => {
    const factor = ratio(name);
    if (Number.isFinite(factor)) return update.mul(factor);
    throw new ArgumentError(
      `scaleByName: ratio must return a finite number, got ${factor} for ${name}.`,
    );
  });
}

function assertAdamOptions({ beta1, beta2, epsilon }: Required<AdamOptions>): void {
  const faults = Object.entries({ beta1, beta2 })
    .filter(([, beta]) => !(beta >= 0 && beta < 1))
    .map(([name, beta]) => `${name} must be from 0 to less than 1, got ${beta}`);
  if (!(epsilon >= 0 && epsilon < Infinity)) {
    faults.push(`epsilon must be a number of at least 0, got ${epsilon}`);
  }
  if (faults.length > 0) throw new ArgumentError(`scaleByAdam: ${faults.join('; ')}.`);
}

function stateless(apply: (update: tf.Tensor, parameter: ParameterStep) => tf.Tensor): Transform {
  return {
    start: () => ({}),
    apply: (update, slots, parameter) => ({ update: apply(update, parameter), slots }),
  };
}
