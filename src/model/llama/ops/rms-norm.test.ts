import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { compareOp } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, useAccelerator } from '../../../tensor/runtime';
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

function compare(shape: number[], offset: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const width = shape.at(-1) as number;
  const rows = [...shape.slice(0, -1), 1];
  return compareOp({
    draw: () => ({
      // Rows of different size: one whose mean square is far below ε, one far above.
      x: tf.tidy(() =>
        random
          .normal(shape, 0, 1)
          .mul(random.uniform(rows, 0.01, 5))
          .add(0.3),
      ),
      weight: random.normal<tf.Rank.R1>([width], 1 - offset, 1),
      dy: random.normal(shape, 0.5, 1),
    }),
    op: ({ x, weight }) => rmsNorm({ x, weight }, { epsilon: EPSILON, offset }),
    reference: (given) => reference(given, offset),
    tolerance: width === 1 ? 1e-3 : 1e-5, // of one number dL/dx is a small difference
    others: [rows],
  });
}

/** dL/dx by the quotient rule, not by the formula of the op */
function reference({ x, weight, dy }: Record<'x' | 'weight' | 'dy', Float32Array>, offset: number) {
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
  return { y, x: dx, weight: dWeight };
}
