import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { gelu } from './gelu';

before(useAccelerator);

describe('GELU and its gradient equal loops in float64', () => {
  for (const shape of [[], [1], [2, 3, 5], [7, 100], [4, 64, 4], [1031]]) {
    const seed = freshSeed();
    test(`of [${shape.join(', ')}], seed ${seed}`, async () => {
      const random = new Random(seed);
      await compare(() => [random.normal(shape, 0, 2), random.normal(shape, 0, 1)]);
    });
  }

  test('far from zero', () => compare(() => [tf.tensor1d([100, -100, 1e4, -1e4]), tf.ones([4])]));
  test('where it is small', () => compare(() => [tf.tensor1d([-4, -3, -5, 0]), tf.ones([4])]));
});

async function compare(draw: () => [x: tf.Tensor, dy: tf.Tensor]): Promise<void> {
  const start = alive();
  const [x, dy] = draw();
  const [values, outer] = [await read(x), await read(dy)];
  await poison(x.shape, x.shape);
  const { value, grad } = tf.valueAndGrad((v) => gelu({ x: v }))(x, dy);
  assert.deepEqual(value.shape, x.shape);
  assertClose(await read(value), Array.from(values, geluOf), 1e-5, 'y');
  const want = Array.from(values, (v, i) => slopeOf(v) * (outer[i] as number));
  assertClose(await read(grad), want, 1e-5, 'dL/dx');
  tf.dispose([x, dy, value, grad]);
  assert.deepEqual(alive(), start);
}

const tanhOf = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

function geluOf(x: number): number {
  return 0.5 * x * (1 + tanhOf(x));
}

function slopeOf(x: number): number {
  const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  return 0.5 * (1 + tanhOf(x)) + 0.5 * x * (1 - tanhOf(x) ** 2) * inner;
}
