import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { rmsNorm } from './rms-norm';

before(useAccelerator);

const EPSILON = 0.03; // as large as to matter

describe('RMSNorm and its gradients equal loops in float64', () => {
  for (const shape of [[5], [4, 1], [2, 3, 7], [2, 3, 4, 6], [3, 64], [70, 33], [1, 3, 1100]]) {
    for (const offset of [0, 1]) {
      const seed = freshSeed();
      test(`of [${shape.join(', ')}] with γ + ${offset}, seed ${seed}`, () =>
        compare(shape, offset, seed));
    }
  }
});

async function compare(shape: number[], offset: number, seed: number): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const width = shape.at(-1) as number;
  const rows = [...shape.slice(0, -1), 1];
  const inputs = [
    // Rows of different size: one whose mean square is far below ε, one far above.
    tf.tidy(() =>
      random
        .normal(shape, 0, 1)
        .mul(random.uniform(rows, 0.01, 5))
        .add(0.3),
    ),
    random.normal([width], 1 - offset, 1),
  ];
  const dy = random.normal(shape, 0.5, 1);
  const [x, weight] = (await Promise.all(inputs.map((input) => read(input)))) as Inputs;
  const want = reference([x, weight], offset, await read(dy));

  await poison(shape, shape, rows);
  const forward = (x: tf.Tensor, weight: tf.Tensor) =>
    rmsNorm({ x, weight: weight as tf.Tensor1D }, { epsilon: EPSILON, offset });
  const { value, grads } = tf.valueAndGrads(forward)(inputs, dy);
  assert.deepEqual(value.shape, shape);
  const tolerance = width === 1 ? 1e-3 : 1e-5; // of one number dL/dx is a small difference
  for (const [i, got] of [value, ...grads].entries()) {
    assertClose(await read(got), want[i] as number[], tolerance, ['y', 'dL/dx', 'dL/dγ'][i]);
  }
  tf.dispose([...inputs, dy, value, ...grads]);
  assert.deepEqual(alive(), start);
}

type Inputs = [x: Float32Array, weight: Float32Array];

/** y, dL/dx, dL/dγ; dL/dx by the quotient rule, not by the formula of the op */
function reference([x, weight]: Inputs, offset: number, dy: Float32Array): number[][] {
  const width = weight.length;
  const [y, dx]: [number[], number[]] = [[], []];
  const dWeight = new Array<number>(width).fill(0);
  for (let start = 0; start < x.length; start += width) {
    const row = Array.from(x.subarray(start, start + width));
    const grad = Array.from(dy.subarray(start, start + width));
    const scale = Array.from(weight, (w) => w + offset);
    const size = Math.sqrt(row.reduce((sum, xi) => sum + xi * xi, 0) / width + EPSILON);
    const along = row.reduce(
      (sum, xi, i) => sum + (grad[i] as number) * (scale[i] as number) * xi,
      0,
    );
    row.forEach((xi, i) => {
      const [g, s] = [grad[i] as number, scale[i] as number];
      y.push((xi / size) * s);
      dx.push((g * s) / size - (along * xi) / (width * size ** 3));
      dWeight[i] = (dWeight[i] as number) + (g * xi) / size;
    });
  }
  return [y, dx, dWeight];
}
