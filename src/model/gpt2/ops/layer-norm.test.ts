import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { layerNorm } from './layer-norm';

before(useAccelerator);

const EPSILON = 0.03; // as large as to matter

describe('LayerNorm and its gradients equal loops in float64', () => {
  for (const shape of [[5], [4, 1], [2, 3, 7], [3, 64], [70, 33], [2, 257], [1, 3, 1100]]) {
    for (const mean of [0, 40]) {
      const seed = freshSeed();
      test(`of [${shape.join(', ')}] around ${mean}, seed ${seed}`, () =>
        compare(shape, mean, seed));
    }
  }
});

async function compare(shape: number[], mean: number, seed: number): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const width = shape.at(-1) as number;
  const rows = [...shape.slice(0, -1), 1];
  const inputs = [
    // Rows of different size: one whose variance is far below ε, one far above.
    tf.tidy(() =>
      random
        .normal(shape, 0, 1)
        .mul(random.uniform(rows, 0.01, 5))
        .add(mean),
    ),
    random.normal([width], 1, 1),
    random.normal([width], 0, 1),
  ];
  const dy = random.normal(shape, 0.5, 1);
  const [x, weight, bias] = (await Promise.all(inputs.map((input) => read(input)))) as Inputs;
  const want = reference([x, weight, bias], await read(dy));

  await poison(shape, shape, rows, rows);
  const forward = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
    layerNorm(
      { x, weight: weight as tf.Tensor1D, bias: bias as tf.Tensor1D },
      { epsilon: EPSILON },
    );
  const { value, grads } = tf.valueAndGrads(forward)(inputs, dy);
  assert.deepEqual(value.shape, shape);
  const tolerance = mean === 0 ? 1e-5 : 1e-4; // x - mean loses digits
  for (const [i, got] of [value, ...grads].entries()) {
    const name = ['y', 'dL/dx', 'dL/dγ', 'dL/dβ'][i];
    assertClose(await read(got), want[i] as number[], tolerance, name);
  }
  tf.dispose([...inputs, dy, value, ...grads]);
  assert.deepEqual(alive(), start);
}

type Inputs = [x: Float32Array, weight: Float32Array, bias: Float32Array];

/** y, dL/dx, dL/dγ, dL/dβ */
function reference([x, weight, bias]: Inputs, dy: Float32Array): number[][] {
  const width = weight.length;
  const y: number[] = [];
  const dx: number[] = [];
  const dWeight = new Array<number>(width).fill(0);
  const dBias = new Array<number>(width).fill(0);
  for (let start = 0; start < x.length; start += width) {
    const row = Array.from(x.subarray(start, start + width));
    const mean = average(row);
    const sigma = Math.sqrt(average(row.map((value) => (value - mean) ** 2)) + EPSILON);
    const n = row.map((value) => (value - mean) / sigma);
    const dn = n.map((_, j) => (dy[start + j] as number) * (weight[j] as number));
    const along = average(dn.map((value, j) => value * (n[j] as number)));
    n.forEach((value, j) => {
      y.push(value * (weight[j] as number) + (bias[j] as number));
      dx.push(((dn[j] as number) - average(dn) - value * along) / sigma);
      dWeight[j] = (dWeight[j] as number) + (dy[start + j] as number) * value;
      dBias[j] = (dBias[j] as number) + (dy[start + j] as number);
    });
  }
  return [y, dx, dWeight, dBias];
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
