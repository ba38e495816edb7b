import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { freshSeed } from '../../../tests/fresh';
import { type Matrix, matrix, multiply, transpose } from '../../../tests/matrix';
import { memory, Random, read, useAccelerator } from '../runtime';
import { isReference } from './define-op';

before(useAccelerator);

type Sizes = [n: number, inner: number, d: number];

const SIZES: Sizes[] = [
  [1, 1, 1],
  [2, 33, 70],
  [70, 5, 3],
  [9, 70, 4],
  [7, 24, 31], // four rows and three
  [16, 200, 170], // as many rows as are few, of a matrix that is large
  [17, 40, 9],
];
const BATCHES = [[], [1], [2, 3]];

describe('tf.matMul equals loops in float64, however the matrices lie', () => {
  for (const [n, inner, d] of SIZES) {
    for (const batch of BATCHES) {
      for (const [transposeA, transposeB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as [boolean, boolean][]) {
        const seed = freshSeed();
        const name = `[${[...batch, n, inner, d].join(', ')}] ${transposeA} ${transposeB}, seed ${seed}`;
        test(name, async () => {
          const random = new Random(seed);
          const a = random.normal([...batch, ...(transposeA ? [inner, n] : [n, inner])], 0, 1);
          const b = random.normal([...batch, ...(transposeB ? [d, inner] : [inner, d])], 0, 1);
          const { tensors } = memory();
          const product = tf.matMul(a, b, transposeA, transposeB);
          const found = await read(product);
          assert.deepEqual(product.shape, [...batch, n, d]);
          product.dispose();
          assert.equal(memory().tensors, tensors);
          const [lefts, rights] = [await matricesOf(a), await matricesOf(b)];
          const wanted = lefts.flatMap((left, i) =>
            multiply(
              transposeA ? transpose(left) : left,
              transposeB ? transpose(rights[i] as Matrix) : (rights[i] as Matrix),
            ).flat(),
          );
          assertClose(found, wanted, 1e-5);
        });
      }
    }
  }
});

describe('tf.matMul refuses matrices that do not fit, on every backend', () => {
  for (const [a, b, transposeA, transposeB] of [
    [[2, 3], [5, 2], false, false],
    [[2, 3], [3, 5], false, true],
    [[2, 3], [3, 5], true, false],
    [[2, 3], [5, 4], true, true],
    [[4, 2, 3], [4, 5, 2], false, false],
  ] as [number[], number[], boolean, boolean][]) {
    test(`[${a.join(', ')}] and [${b.join(', ')}], transposed: ${transposeA}, ${transposeB}`, async () => {
      await assert.rejects(
        async () => {
          await read(tf.matMul(tf.ones(a), tf.ones(b), transposeA, transposeB));
        },
        tf.getBackend() === 'tensorflow' && !isReference()
          ? {
              name: 'ShapeError',
              message: /^matMul: a matrix product of \[.* does not fit: the inner axes/,
            }
          : Error,
      );
    });
  }
});

/** Of a batch [..., rows, columns]. */
async function matricesOf(x: tf.Tensor): Promise<Matrix[]> {
  const all = await matrix(x);
  const rows = x.shape.at(-2) as number;
  return Array.from({ length: all.length / rows }, (_, i) => all.slice(i * rows, (i + 1) * rows));
}
