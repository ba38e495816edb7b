import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { adam } from './adam';

before(useAccelerator);

describe('Adam equals loops in float64', () => {
  for (const [shape, step] of [
    [[1], 1],
    [[7, 3], 2],
    [[70, 33], 1000],
    [[2, 3, 129], 5],
  ] as [number[], number][]) {
    const seed = freshSeed();
    test(`[${shape.join(', ')}], step ${step}, seed ${seed}`, () => compare(shape, step, seed));
  }
});

async function compare(shape: number[], step: number, seed: number): Promise<void> {
  const start = alive();
  const rates = { beta1: 0.8, beta2: 0.95, epsilon: 0.01, step };
  const random = new Random(seed);
  const [gradient, m] = [random.normal(shape, 0.5, 1), random.normal(shape, 0, 1)];
  const v = random.uniform(shape, 0, 1);
  const given = await Promise.all([gradient, m, v].map(read));
  const want = reference(given as Averages, rates);

  await poison(shape, shape, shape);
  const made = adam({ gradient, m, v }, rates);
  for (const name of ['update', 'm', 'v'] as const) {
    assert.deepEqual(made[name].shape, shape);
    assertClose(await read(made[name]), want[name], 1e-5, name);
  }
  for (const [i, tensor] of [gradient, m, v].entries()) {
    assert.deepEqual(await read(tensor), given[i], 'what is given stays as it is');
  }
  tf.dispose([gradient, m, v, made.update, made.m, made.v]);
  assert.deepEqual(alive(), start);
}

type Averages = [g: Float32Array, m: Float32Array, v: Float32Array];
type Rates = Record<'beta1' | 'beta2' | 'epsilon' | 'step', number>;

function reference([gradient, oldM, oldV]: Averages, { beta1, beta2, epsilon, step }: Rates) {
  const mix = (beta: number, old: Float32Array, value: (g: number) => number): number[] =>
    Array.from(gradient, (g, i) => beta * (old[i] ?? NaN) + (1 - beta) * value(g));
  const m = mix(beta1, oldM, (g) => g);
  const v = mix(beta2, oldV, (g) => g * g);
  const update = m.map((average, i) => {
    const root = Math.sqrt((v[i] ?? NaN) / (1 - beta2 ** step));
    return average / (1 - beta1 ** step) / (root + epsilon);
  });
  return { update, m, v };
}
