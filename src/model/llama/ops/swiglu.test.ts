import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { swiglu } from './swiglu';

before(useAccelerator);

describe('SwiGLU and its gradients equal loops in float64', () => {
  for (const shape of [[1], [7], [4, 1], [2, 3, 5], [3, 64], [70, 33], [5, 40, 100]]) {
    const seed = freshSeed();
    test(`of [${shape.join(', ')}], seed ${seed}`, () => {
      const random = new Random(seed);
      return compare(shape, () => [
        random.normal(shape, 0, 4),
        random.normal(shape, 0, 1),
        random.normal(shape, 0.5, 1),
      ]);
    });
  }

  test('for gates so large that their exponential is not finite', () => {
    const gates = [0, 30, -30, 90, -90, 1e4, -1e4];
    const ones = gates.map((_, i) => 1 + 0.1 * i);
    return compare([7], () => [tf.tensor1d(gates), tf.tensor1d(ones), tf.tensor1d(ones)]);
  });
});

async function compare(shape: number[], draw: () => tf.Tensor[]): Promise<void> {
  const start = alive();
  const [gate, up, dy] = draw() as [tf.Tensor, tf.Tensor, tf.Tensor];
  const want = reference(await read(gate), await read(up), await read(dy));
  await poison(shape, shape, shape);
  const op = (gate: tf.Tensor, up: tf.Tensor) => swiglu({ gate, up });
  const { value, grads } = tf.valueAndGrads(op)([gate, up], dy);
  assert.deepEqual(value.shape, shape);
  for (const [i, got] of [value, ...grads].entries()) {
    assertClose(await read(got), want[i] as number[], 1e-5, ['y', 'dL/dgate', 'dL/dup'][i]);
  }
  tf.dispose([gate, up, dy, value, ...grads]);
  assert.deepEqual(alive(), start);
}

/** y, dL/dgate, dL/dup */
function reference(gate: Float32Array, up: Float32Array, dy: Float32Array): number[][] {
  const all = Array.from(gate, (g, i) => {
    const [u, d] = [up[i] as number, dy[i] as number];
    const share = 1 / (1 + Math.exp(-g));
    // σ' = σ (1 - σ), of which 1 - σ is σ(-g)
    const slope = share + (share === 0 ? 0 : (g * share) / (1 + Math.exp(g)));
    return [g * share * u, d * u * slope, d * g * share];
  });
  return [0, 1, 2].map((k) => all.map((row) => row[k] as number));
}
