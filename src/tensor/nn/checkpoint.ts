import * as tf from '@tensorflow/tfjs';
import type { Module } from './module';

/**
 * Runs f(x, constants) without keeping its activations: the backward pass computes them again
 * (Chen et al. 2016). Loss and gradients are those of f alone, to the bit, where each parameter is
 * used once; dropout draws the same numbers again. Without a tape it is f alone.
 * @param module f's parameters are below it, and so are its sources of random numbers: a trainable
 *   tensor from elsewhere gets no gradient through f
 * @param constants tensors in plain objects, or null; they have no gradient
 * @returns f's result, a tensor of its own, owned by the caller
 */
export function checkpoint<Constants>(
  module: Module,
  f: (x: tf.Tensor, constants: Constants) => tf.Tensor,
  x: tf.Tensor,
  constants: Constants,
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return f(x, constants);
  const parameters = trainableBelow(module);
  const drawAgain = rememberRandom(module);
  // In a custom gradient nothing is on the tape but what it saves.
  const recorded = tf.customGrad((...inputs) => {
    const save = inputs.at(-1) as unknown as tf.GradSaveFunc;
    const value = f(x, constants);
    // After f, which may throw. A mask is freed before the backward pass unless the tape holds it.
    save([x, ...tensorsIn(constants)]);
    const gradFunc = (dy: tf.Tensor, [again, ...saved]: tf.Tensor[]) => {
      const alive = mapTensors(constants, () => saved.shift()) as Constants;
      const run = () => f(again as tf.Tensor, alive);
      return drawAgain(() => gradientsOf(run, [again as tf.Tensor, ...parameters], dy));
    };
    return { value, gradFunc };
  });
  return recorded(x, ...parameters);
}

/** Lists each trainable parameter below a module once. */
function trainableBelow(module: Module): tf.Variable[] {
  const parameters = new Set(module.namedParameters().values());
  return [...parameters].filter(({ trainable }) => trainable);
}

/** Remembers the place in the random numbers of a module and those below it, to draw them again. */
function rememberRandom(module: Module): <T>(work: () => T) => T {
  const all = [module, ...module.namedModules().values()].map(({ training }) => training);
  let drawAgain = <T>(work: () => T): T => work();
  for (const random of new Set(all)) {
    if (!random) continue;
    const [others, again] = [drawAgain, random.remember()];
    drawAgain = (work) => others(() => again(work));
  }
  return drawAgain;
}

/**
 * The gradients of f by its inputs, zeros where it depends on one not at all. tfjs has one tape, and
 * the outer backward pass is not done with its own.
 */
function gradientsOf(f: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const engine = tf.engine();
  const { state } = engine;
  const outer = state.activeTape;
  try {
    return tf.tidy(() => {
      const { grads } = engine.gradients(f, inputs, dy, true);
      return inputs.map((input, i) => grads[i] ?? tf.zerosLike(input));
    });
  } finally {
    // After a throw, tfjs leaves what the inner tape holds.
    if (state.activeTape !== outer) {
      for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
    }
    state.activeTape = outer;
  }
}

/** Lists the tensors in nested objects. */
function tensorsIn(container: unknown): tf.Tensor[] {
  const found: tf.Tensor[] = [];
  mapTensors(container, (tensor) => found.push(tensor));
  return found;
}

/** Copies nested objects, with something in place of each tensor. */
function mapTensors(part: unknown, put: (tensor: tf.Tensor) => unknown): unknown {
  if (part instanceof tf.Tensor) return put(part as tf.Tensor);
  if (part === null || typeof part !== 'object') return part;
  const entries = Object.entries(part).map(([name, one]) => [name, mapTensors(one, put)]);
  return Object.fromEntries(entries) as unknown;
}
