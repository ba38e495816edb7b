import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { compareOp } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, useAccelerator } from '../../../tensor/runtime';
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

function compare(shape: number[], mean: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const width = shape.at(-1) as number;
  const rows = [...shape.slice(0, -1), 1];
  return compareOp({
    draw: () => ({
      // Rows of different size: one whose variance is far below ε, one far above.
      x: tf.tidy(() =>
        random
          .normal(shape, 0, 1)
          .mul(random.uniform(rows, 0.01, 5))
          .add(mean),
      ),
      weight: random.normal<tf.Rank.R1>([width], 1, 1),
      bias: random.normal<tf.Rank.R1>([width], 0, 1),
      dy: random.normal(shape, 0.5, 1),
    }),
    op: ({ x, weight, bias }) => layerNorm({ x, weight, bias }, { epsilon: EPSILON }),
    reference,
    tolerance: mean === 0 ? 1e-5 : 1e-4, // x - mean loses digits
    others: [rows, rows],
  });
}

function reference({ x, weight, bias, dy }: Record<'x' | 'weight' | 'bias' | 'dy', Float32Array>) {
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
  return { y, x: dx, weight: dWeight, bias: dBias };
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
