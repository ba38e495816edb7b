import * as tf from '@tensorflow/tfjs';
import { ArgumentError, assertOptions, DisposedError, kindOf, type OptionKeys } from '../errors';
import { assertBackendChosen } from '../op';
import type { Random } from '../runtime';

/** The number of parameters of a module, and of those that training may change. */
export interface ParameterCount {
  trainable: number;
  total: number;
}

/** Which modules of a tree are meant. */
export interface Reach {
  /** also those that a module borrows; true unless given */
  borrowed?: boolean;
}

const REACH: OptionKeys<Reach> = { borrowed: 'optional' };

/**
 * A layer or model: named parameters, and named modules below it. A parameter is a
 * `tf.Variable`; its `trainable` flag says whether training may change it. A module owns its
 * parameters and its children, or borrows a child: `dispose()` frees what it owns and leaves what
 * it borrows. The result of `forward` belongs to the caller.
 */
export abstract class Module {
  private readonly parameters = new Map<string, tf.Variable>();
  private readonly children = new Map<string, Module>();
  private readonly borrowed = new Set<string>();
  private readonly borrowers = new Set<Module>();
  private readonly replaced = new Set<Module>();
  private disposed = false;
  private random: Random | null = null;

  /** @throws AcceleratorError if no accelerator was started, nor a backend of tfjs chosen */
  constructor() {
    assertBackendChosen(this.constructor.name);
  }

  /** The layer's output for the input x. */
  abstract forward(x: tf.Tensor): tf.Tensor;

  /** True after `dispose()`. */
  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Random source for dropout; null when not training. */
  get training(): Random | null {
    return this.random;
  }

  /** Starts training of this module and those below it, or ends it with null. */
  setTraining(random: Random | null): void {
    this.random = random;
    for (const child of this.children.values()) child.setTraining(random);
  }

  /** Names of modules below this one whose parameters it uses in a second place. */
  get tiedModules(): readonly string[] {
    return [];
  }

  /** Names of linear layers below this one that make its output, which `'all-linear'` does not mean. */
  get headModules(): readonly string[] {
    return [];
  }

  /** The ends of the names of the layers that get an adapter where none are named, if it says so. */
  get defaultTargets(): string[] | undefined {
    return undefined;
  }

  /** Every parameter of this module and those below it, by dotted name (`lora.A`). */
  namedParameters(reach: Reach = {}): Map<string, tf.Variable> {
    const all = new Map(this.parameters);
    for (const [childName, child] of this.childrenWithin(reach)) {
      for (const [name, parameter] of child.namedParameters(reach)) {
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
  namedModules(reach: Reach = {}): Map<string, Module> {
    const all = new Map<string, Module>();
    for (const [childName, child] of this.childrenWithin(reach)) {
      all.set(childName, child);
      for (const [name, module] of child.namedModules(reach)) {
        all.set(`${childName}.${name}`, module);
      }
    }
    return all;
  }

  /**
   * Replaces a module below this one, by dotted name; the tree owns the new one. The old one stays
   * alive, for the new one may borrow it, and is freed with this tree or by `freeReplaced`.
   * @throws ArgumentError if there is none of that name
   */
  replaceModule(name: string, module: Module): void {
    for (const [childName, child] of this.children) {
      if (name === childName) {
        if (this.borrowed.delete(name)) child.borrowers.delete(this);
        else this.replaced.add(child);
        this.children.set(name, module);
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

  /** Frees a module that was replaced in this tree, unless another module borrows it. */
  freeReplaced(module: Module): void {
    if (module.borrowers.size > 0) return;
    if (this.replaced.delete(module)) module.dispose();
    for (const [, child] of this.childrenWithin({ borrowed: false })) child.freeReplaced(module);
  }

  /** Frees the parameters and children that this module owns. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const parameter of this.parameters.values()) parameter.dispose();
    for (const [name, child] of this.children) {
      if (this.borrowed.has(name)) child.borrowers.delete(this);
      else child.dispose();
    }
    for (const old of this.replaced) old.dispose();
  }

  /** Makes a parameter from a value, and disposes the value. */
  protected addParameter<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const parameter = this.shareParameter(name, value);
    value.dispose();
    return parameter;
  }

  /**
   * Makes a parameter that starts as a value; the value stays the caller's. The two share their
   * data, which no op changes. (A clone would be a second copy on wasm.)
   */
  protected shareParameter<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const parameter = tf.variable(value);
    this.parameters.set(name, parameter);
    return parameter;
  }

  /** The child of a name. Ask at each use: it may have been replaced. */
  protected child(name: string): Module {
    const child = this.children.get(name);
    if (!child) throw new ArgumentError(`child: name must be a child of this module, got ${name}.`);
    return child;
  }

  /** Adds a child that this module owns. */
  protected addChild<M extends Module>(name: string, child: M): M {
    this.children.set(name, child);
    return child;
  }

  /** Adds a child that stays the caller's: everything but `dispose()` reaches it too. */
  protected borrow<M extends Module>(name: string, child: M): M {
    this.borrowed.add(name);
    child.borrowers.add(this);
    return this.addChild(name, child);
  }

  /** @throws DisposedError, in the caller's name, if this module or one below it is disposed */
  assertAlive(caller: string): void {
    if (this.disposed) {
      throw new DisposedError(
        `${caller}: the layer must be alive, but dispose() was called on it.`,
      );
    }
    for (const child of this.children.values()) child.assertAlive(caller);
  }

  private childrenWithin(reach: Reach): [string, Module][] {
    assertOptions('Module', reach, REACH);
    const { borrowed = true } = reach;
    return [...this.children].filter(([name]) => borrowed || !this.borrowed.has(name));
  }
}

/**
 * @throws ArgumentError, in the caller's name, if the model is none, as with swapped arguments;
 *   DisposedError if it is disposed
 */
export function assertModule(caller: string, model: Module): void {
  // By what it can do, not by class: a notebook's reload() makes new classes, and models are older.
  const given = model as Partial<Module> | undefined;
  if (typeof given?.namedModules === 'function') return model.assertAlive(caller);
  const advice = given instanceof Promise ? 'Await it.' : 'It comes before the other arguments.';
  throw new ArgumentError(`${caller}: model must be a Module, got ${kindOf(given)}. ${advice}`);
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
  reach: Reach = {},
): Map<string, M> {
  const found = new Map<string, M>();
  for (const [name, one] of module.namedModules(reach)) {
    if (one instanceof kind) found.set(name, one);
  }
  return found;
}
