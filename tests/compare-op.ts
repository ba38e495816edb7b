import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { read } from '../src/tensor/runtime';
import { assertClose } from './close';
import { alive, poison } from './fresh';

/** An op with one output, and what it must give. */
export interface OpCase<Given extends { dy: tf.Tensor }> {
  /** makes the op's inputs and dL/dy; they are freed at the end */
  draw: () => Given;
  op: (given: Given) => tf.Tensor;
  /** in float64: y, and dL/d of each input that has a gradient, by the input's name */
  reference: (given: NumbersOf<Given>) => { y: ArrayLike<number> } & Gradients<Given>;
  /** of the largest number of each output */
  tolerance: number;
  /** shapes of what a kernel makes besides */
  others?: number[][];
}

/** What the reference gets of each tensor. */
export type NumbersOf<Given> = {
  [Name in keyof Given]: Given[Name] extends tf.Tensor ? Float32Array : Float32Array | null;
};
type Gradients<Given> = { [Name in Exclude<keyof Given, 'dy'>]?: ArrayLike<number> };

/**
 * Fails unless an op and its gradients equal the reference, with outputs that lie over poison, and
 * nothing stays in memory.
 */
export async function compareOp<Given extends { dy: tf.Tensor }>({
  draw,
  op,
  reference,
  tolerance,
  others = [],
}: OpCase<Given>): Promise<void> {
  const start = alive();
  const given = draw();
  const { y, ...gradients } = reference(await valuesOf(given));
  const want = Object.entries(gradients) as [keyof Given & string, ArrayLike<number>][];
  const inputs = want.map(([name]) => given[name] as tf.Tensor);
  await poison(given.dy.shape, ...inputs.map(({ shape }) => shape), ...others);
  const forward = (...values: tf.Tensor[]) =>
    op({ ...given, ...Object.fromEntries(want.map(([name], i) => [name, values[i]])) });
  const { value, grads } = tf.valueAndGrads(forward)(inputs, given.dy);
  assert.deepEqual(value.shape, given.dy.shape);
  assertClose(await read(value), y, tolerance, 'y');
  for (const [i, [name, numbers]] of want.entries()) {
    const gradient = grads[i] as tf.Tensor;
    assert.deepEqual(gradient.shape, inputs[i]?.shape);
    assertClose(await read(gradient), numbers, tolerance, `dL/d${name}`);
  }
  tf.dispose([...Object.values(given), value, ...grads]);
  assert.deepEqual(alive(), start);
}

async function valuesOf<Given extends object>(given: Given): Promise<NumbersOf<Given>> {
  const entries = Object.entries(given) as [string, tf.Tensor | null][];
  const values = await Promise.all(
    entries.map(async ([name, one]) => [name, one && (await read(one))]),
  );
  return Object.fromEntries(values) as NumbersOf<Given>;
}
