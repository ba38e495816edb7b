import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { matrix, multiply, transpose } from '../../../../tests/matrix';
import { Random, read, useAccelerator } from '../../runtime';
import { linearProduct } from './linear-product';

before(useAccelerator);

describe('LinearProduct and its gradients equal loops in float64', () => {
  for (const [n, d, k] of [
    [1, 9, 5],
    [7, 130, 66],
    [9, 17, 3],
    [70, 33, 37],
    [600, 420, 5], // as many as get large tiles
  ] as [number, number, number][]) {
    const seed = freshSeed();
    test(`[${n}, ${k}] and [${d}, ${k}], seed ${seed}`, () => compare(n, d, k, seed));
  }
});

async function compare(n: number, d: number, k: number, seed: number): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const [x, weight] = [random.normal([n, k], 0.5, 1), random.normal([d, k], 0, 1)];
  const dy = random.normal([n, d], 0.5, 1);
  const [xs, ws, dys] = await Promise.all([matrix(x), matrix(weight), matrix(dy)]);
  await poison([n, d], [n, d], [n, k], [n, k], [d, k]);

  const op = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    linearProduct({ x: a as tf.Tensor2D, weight: b as tf.Tensor2D }, { transpose: true });
  const { value, grads } = tf.valueAndGrads(op)([x, weight], dy);
  const [dx, dWeight] = grads as [tf.Tensor, tf.Tensor];
  assertClose(await read(value), multiply(xs, transpose(ws)).flat(), 1e-5, 'h');
  assertClose(await read(dx), multiply(dys, ws).flat(), 1e-5, 'dL/dx');
  assertClose(await read(dWeight), multiply(transpose(dys), xs).flat(), 1e-5, 'dL/dW');
  tf.dispose([x, weight, dy, value, ...grads]);
  assert.deepEqual(alive(), start);
}
