import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
  assertFunction,
  assertOptions,
  type OptionKeys,
  ShapeError,
} from '../../tensor/errors';
import {
  ADAM_OPTIONS,
  type AdamOptions,
  addDecayedWeights,
  chain,
  scaleByAdam,
  scaleByName,
  type Slots,
  type Transform,
} from './transform';

/** Optimiser state of one parameter. */
export interface ParameterState {
  /** the number of its updates so far */
  step: number;
  slots: Slots;
}

/**
 * θ ← θ - η · update(g)
 *
 * Keeps its state by parameter name: the set of trained parameters may change between steps, and a
 * parameter left out continues later from its state. Owns the state; `dispose()` frees it.
 */
export class Optimizer {
  private readonly states = new Map<string, ParameterState>();

  /** @throws ArgumentError if the learning rate is not a positive number */
  constructor(
    /** η */
    readonly learningRate: number,
    private readonly transform: Transform,
  ) {
    if (!Number.isFinite(learningRate) || learningRate <= 0) {
      throw new ArgumentError(
        `Optimizer: learningRate must be a positive number, got ${learningRate}.`,
      );
    }
  }

  /**
   * Updates every parameter that has a gradient, with the learning rate times `factor`. The caller
   * keeps the gradients.
   * @throws ArgumentError if a gradient belongs to no parameter, ShapeError if a parameter has
   *   changed its shape since the last step; no parameter is updated then
   */
  step(
    parameters: ReadonlyMap<string, tf.Variable>,
    gradients: tf.NamedTensorMap,
    factor = 1,
  ): void {
    const updates = Object.entries(gradients).map(([name, gradient]) => ({
      name,
      gradient,
      parameter: findParameter(parameters, name),
    }));
    // Computes all new values before assigning any, so that an error changes nothing.
    const next = tf.tidy(() =>
      updates.map(({ name, parameter, gradient }) =>
        tf.tidy(() => this.next(name, parameter, gradient, factor)),
      ),
    );
    for (const [i, { name, parameter }] of updates.entries()) {
      const { value, slots } = next[i] as (typeof next)[number];
      parameter.assign(value);
      value.dispose();
      this.keep(name, slots);
    }
  }

  /** State of each parameter that has been updated. The optimiser keeps the tensors. */
  get state(): ReadonlyMap<string, ParameterState> {
    return this.states;
  }

  /**
   * Replaces the whole state, and takes over the tensors of the new one.
   * @throws ArgumentError listing every state that does not fit this optimiser and these
   *   parameters; nothing changes then and the caller keeps the tensors
   */
  restore(
    parameters: ReadonlyMap<string, tf.Variable>,
    states: ReadonlyMap<string, ParameterState>,
  ): void {
    const faults = [...states].flatMap(([name, { slots }]) => {
      const parameter = parameters.get(name);
      if (!parameter) return [`no parameter is named ${name}`];
      const want = tf.tidy(() => describe(this.transform.start(parameter)));
      return want === describe(slots) ? [] : [`${name} needs ${want}, got ${describe(slots)}`];
    });
    if (faults.length > 0) {
      throw new ArgumentError(
        `Optimizer.restore: the state must fit: ${faults.join('; ')}. Create the optimiser like the one that was saved.`,
      );
    }
    this.dispose();
    for (const [name, { step, slots }] of states) {
      for (const slot of Object.values(slots)) tf.keep(slot);
      this.states.set(name, { step, slots });
    }
  }

  /** Frees all state. The optimiser can be used again, like a new one. */
  dispose(): void {
    for (const { slots } of this.states.values()) tf.dispose(slots);
    this.states.clear();
  }

  private next(name: string, parameter: tf.Variable, gradient: tf.Tensor, factor: number) {
    const state = this.states.get(name) ?? { step: 0, slots: this.transform.start(parameter) };
    assertSameShape(name, parameter, state.slots);
    const step = state.step + 1;
    const at = { name, value: parameter, step };
    const { update, slots } = this.transform.apply(gradient, state.slots, at);
    return { value: parameter.sub(update.mul(this.learningRate * factor)), slots };
  }

  private keep(name: string, slots: Slots): void {
    const old = this.states.get(name);
    this.states.set(name, { step: (old?.step ?? 0) + 1, slots });
    for (const slot of Object.values(slots)) tf.keep(slot);
    tf.dispose(old?.slots ?? {});
  }
}

/** Options of `adamW`. */
export interface AdamWOptions extends AdamOptions {
  learningRate: number;
  /** weight decay λ; 0 unless given */
  weightDecay?: number;
  /** selects the parameters that decay, by name; all unless given */
  decays?: (name: string) => boolean;
  /** the learning rate of a parameter as a multiple of `learningRate`, such as `loraPlus()` */
  ratio?: (name: string) => number;
}

const ADAMW_OPTIONS: OptionKeys<AdamWOptions> = {
  learningRate: 'required',
  ...ADAM_OPTIONS,
  weightDecay: 'optional',
  decays: 'optional',
  ratio: 'optional',
};

/**
 * θ ← θ - η ratio (m̂ / (√v̂ + ε) + λ θ)        (Loshchilov and Hutter 2019, algorithm 2)
 *
 * Creates the optimiser of PyTorch's `AdamW`, where each ratio would be a parameter group.
 * @throws ArgumentError if an option is unknown or out of range
 */
export function adamW(options: AdamWOptions): Optimizer {
  assertOptions('adamW', options, ADAMW_OPTIONS);
  const { learningRate, weightDecay = 0, decays = () => true, ratio, ...adam } = options;
  assertFunction('adamW', { decays }, '(name) => true');
  if (ratio !== undefined) assertFunction('adamW', { ratio }, 'loraPlus()');
  const pieces = [scaleByAdam(adam)];
  if (weightDecay !== 0) pieces.push(addDecayedWeights(weightDecay, decays));
  if (ratio) pieces.push(scaleByName(ratio));
  return new Optimizer(learningRate, chain(...pieces));
}

function findParameter(parameters: ReadonlyMap<string, tf.Variable>, name: string): tf.Variable {
  const parameter = parameters.get(name);
  if (parameter) return parameter;
  throw new ArgumentError(
    `Optimizer.step: each gradient must be named after a parameter, got ${name}.`,
  );
}

function assertSameShape(name: string, parameter: tf.Variable, slots: Slots): void {
  for (const slot of Object.values(slots)) {
    if (tf.util.arraysEqual(slot.shape, parameter.shape)) continue;
    throw new ShapeError(
      `Optimizer.step: ${name} must be [${slot.shape.join(', ')}] as in its last step, got [${parameter.shape.join(', ')}]. Use a new optimiser for a new parameter.`,
    );
  }
}

/** Formats names and shapes in a fixed order, such as `m [2, 3], v [2, 3]`. */
function describe(slots: Slots): string {
  const entries = Object.entries(slots).map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
  return entries.sort().join(', ') || 'nothing';
}
