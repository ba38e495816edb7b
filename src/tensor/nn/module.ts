import * as tf from '@tensorflow/tfjs';
import { ArgumentError, DisposedError } from '../errors';
import type { Random } from '../runtime';

/** How many numbers a module holds, and how many of them training may change. */
export interface ParameterCount {
  trainable: number;
  total: number;
}

/**
 * A layer or model: named parameters, and named modules below it. A parameter is a
 * `tf.Variable`; its `trainable` flag says whether training may change it. A module owns its
 * parameters and frees them in `dispose()`; what `forward` returns belongs to the caller.
 */
export abstract class Module {
  private readonly parameters = new Map<string, tf.Variable>();
  private readonly children = new Map<string, Module>();
  private readonly replaced = new Set<Module>();
  private disposed = false;
  private random: Random | null = null;

  /** The layer's output for the input x. */
  abstract forward(x: tf.Tensor): tf.Tensor;

  /** True after `dispose()`. */
  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Where what is drawn in training, such as dropout, comes from; null out of training. */
  get training(): Random | null {
    return this.random;
  }

  /** Puts this module and those below it into training, or with null out of it. */
  setTraining(random: Random | null): void {
    this.random = random;
    for (const child of this.children.values()) child.setTraining(random);
  }

  /** Names of modules below this one whose parameters it uses in a second place too. */
  get tiedModules(): readonly string[] {
    return [];
  }

  /** Every parameter of this module and those below it, by dotted name (`lora.A`). */
  namedParameters(): Map<string, tf.Variable> {
    const all = new Map(this.parameters);
    for (const [childName, child] of this.children) {
      for (const [name, parameter] of child.namedParameters()) {
        all.set(`${childName}.${name}`, parameter);
      }
    }
    return all;
  }

  /** Counts the numbers in the parameters of this module, without those below it. */
  countOwnParameters(): ParameterCount {
    const count = { trainable: 0, total: 0 };
    for (const { size, trainable } of this.parameters.values()) {
      count.total += size;
      if (trainable) count.trainable += size;
    }
    return count;
  }

  /** Every module below this one, by dotted name (`h.0.attn.c_attn`), parents first. */
  namedModules(): Map<string, Module> {
    const all = new Map<string, Module>();
    for (const [childName, child] of this.children) {
      all.set(childName, child);
      for (const [name, module] of child.namedModules()) all.set(`${childName}.${name}`, module);
    }
    return all;
  }

  /**
   * Puts a module in the place of one below this one, by dotted name. The one replaced stays
   * alive, for the other may stand on it, and is freed with this tree.
   * @throws ArgumentError if there is none of that name
   */
  replaceModule(name: string, module: Module): void {
    for (const [childName, child] of this.children) {
      if (name === childName) {
        this.replaced.add(child);
        this.children.set(childName, module);
        for (const old of this.replaced) {
          if (old === module || old.isDisposed) this.replaced.delete(old);
        }
        return;
      }
      if (name.startsWith(`${childName}.`)) {
        return child.replaceModule(name.slice(childName.length + 1), module);
      }
    }
    const names = [...this.children.keys()].join(', ');
    throw new ArgumentError(
      `replaceModule: name must be a module below this one (${names}), got ${name}.`,
    );
  }

  /** Frees the parameters of this module and those below it. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const parameter of this.parameters.values()) parameter.dispose();
    for (const child of [...this.children.values(), ...this.replaced]) child.dispose();
  }

  /** Makes a parameter from a value, which this takes over. */
  protected addParameter<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const parameter = this.shareParameter(name, value);
    value.dispose();
    return parameter;
  }

  /**
   * Makes a parameter that starts as a value, which stays the caller's: they share its data, which
   * no op changes. (A clone would be a second copy of it on wasm.)
   */
  protected shareParameter<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const parameter = tf.variable(value);
    this.parameters.set(name, parameter);
    return parameter;
  }

  /** The module that stands there now: ask at each use, it may be replaced. */
  protected child(name: string): Module {
    const child = this.children.get(name);
    if (!child) throw new ArgumentError(`child: name must be a child of this module, got ${name}.`);
    return child;
  }

  protected addChild<M extends Module>(name: string, child: M): M {
    this.children.set(name, child);
    return child;
  }

  /** @throws DisposedError, in the caller's name, after `dispose()` */
  assertAlive(caller: string): void {
    if (this.disposed) {
      throw new DisposedError(
        `${caller}: the layer must be alive, but dispose() was called on it.`,
      );
    }
  }
}

/** Counts the numbers in all parameters of a module. */
export function countParameters(module: Module): ParameterCount {
  const counts = [module, ...module.namedModules().values()].map((one) => one.countOwnParameters());
  return {
    trainable: counts.reduce((sum, { trainable }) => sum + trainable, 0),
    total: counts.reduce((sum, { total }) => sum + total, 0),
  };
}

/** The modules of one kind below another, by dotted name. */
export function modulesOf<M extends Module>(
  module: Module,
  kind: abstract new (...args: never[]) => M,
): Map<string, M> {
  const found = new Map<string, M>();
  for (const [name, one] of module.namedModules()) if (one instanceof kind) found.set(name, one);
  return found;
}
