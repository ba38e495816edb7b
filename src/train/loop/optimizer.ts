import * as tf from '@tensorflow/tfjs';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import {
  type AdamOptions,
  addDecayedWeights,
  chain,
  scaleByAdam,
  scaleByName,
  type Slots,
  type Transform,
} from './transform';

/** What an optimiser keeps of one parameter. */
export interface ParameterState {
  /** how many updates it has had */
  step: number;
  slots: Slots;
}

/**
 * θ ← θ - η · update(g)
 *
 * Keeps its state by parameter name: which parameters are trained may change between steps, and
 * one that is left out goes on later from where it was. Owns the state; `dispose()` frees it.
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
   * Updates each parameter that has a gradient, all or none, with the learning rate times
   * `factor`. The gradients stay the caller's.
   * @throws ArgumentError if there is a gradient for no parameter, ShapeError if a parameter has
   *   changed its shape since the last step; nothing is updated then
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
    // New values first, for all: what throws on the way leaves everything as it was.
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

  /** What is kept of each parameter that has been updated. The tensors stay the optimiser's. */
  get state(): ReadonlyMap<string, ParameterState> {
    return this.states;
  }

  /**
   * Puts other state in the place of all there is, and takes its tensors over.
   * @throws ArgumentError listing every state that is not one of this optimiser for these
   *   parameters; nothing changes then and the tensors stay the caller's
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
        `Optimizer.restore: the state must fit: ${faults.join('; ')}. Use an optimiser made like the one that was saved.`,
      );
    }
    this.dispose();
    for (const [name, { step, slots }] of states) {
      for (const slot of Object.values(slots)) tf.keep(slot);
      this.states.set(name, { step, slots });
    }
  }

  /** Forgets all state and frees it. The optimiser may be used on, as a new one. */
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

/** How AdamW updates, and what of it differs by parameter. */
export interface AdamWOptions extends AdamOptions {
  learningRate: number;
  /** λ; none unless given */
  weightDecay?: number;
  /** which parameters decay, by name; all unless given */
  decays?: (name: string) => boolean;
  /** the learning rate of a parameter as a multiple of `learningRate`, such as `loraPlus()` */
  ratio?: (name: string) => number;
}

/**
 * θ ← θ - η ratio (m̂ / (√v̂ + ε) + λ θ)        (Loshchilov and Hutter 2019, algorithm 2)
 *
 * PyTorch's `AdamW`, where each ratio would be a parameter group.
 * @throws ArgumentError if the learning rate is not a positive number
 */
export function adamW({
  learningRate,
  weightDecay = 0,
  decays = () => true,
  ratio,
  ...adam
}: AdamWOptions): Optimizer {
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

/** Names and shapes in a fixed order, such as `m [2, 3], v [2, 3]`. */
function describe(slots: Slots): string {
  const entries = Object.entries(slots).map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
  return entries.sort().join(', ') || 'nothing';
}
