import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors';
import { useAccelerator } from '../runtime';
import { assertShapes, type Shape } from './shapes';

before(useAccelerator);

const LINEAR = { x: 'n k', w0: 'd k', bias: 'd', scaling: ['n r', '1 r'] };
const NORM = { x: '... k', y: '... k', mean: '... 1' };
const LOSS = { logits: 'm v', labels: 'int32 m' };

describe('the shapes of an op accept', () => {
  for (const [shapes, given] of [
    [LINEAR, { x: [2, 3], w0: [4, 3], bias: [4], scaling: [2, 5] }],
    [LINEAR, { x: [2, 3], w0: [4, 3], scaling: [1, 5] }],
    [NORM, { x: [3], y: [3], mean: [1] }],
    [NORM, { x: [5, 2, 3], y: [5, 2, 3], mean: [5, 2, 1] }],
    [LINEAR, { x: [0, 3], w0: [4, 3] }],
    [{ s: '' }, { s: [] }],
  ] as [Record<string, Shape>, Record<string, number[]>][]) {
    test(JSON.stringify(given), () => check(shapes, given));
  }

  test('an attribute that is a number, and an input that is null', () => {
    const x = tf.ones([2, 3]);
    assertShapes('Op', { x, w0: tf.ones([4, 3]), bias: null, scaling: 2 }, LINEAR);
    assertShapes('Op', { logits: x, labels: tf.zeros([2], 'int32') }, LOSS);
  });
});

describe('the shapes of an op refuse', () => {
  for (const [shapes, given, message] of [
    [LINEAR, { x: [2, 3], w0: [4, 5] }, 'w0 must be float32 [d, k = 3], got float32 [4, 5].'],
    [LINEAR, { x: [2, 3], w0: [3] }, 'w0 must be float32 [d, k = 3], got float32 [3].'],
    [LINEAR, { x: [7, 2, 3] }, 'x must be float32 [n, k], got float32 [7, 2, 3].'],
    [
      LINEAR,
      { x: [2, 3], scaling: [3, 1] },
      'scaling must be float32 [n = 2, r] or float32 [1, r], got float32 [3, 1].',
    ],
    [NORM, { x: [2, 3], y: [4, 3] }, 'y must be float32 [... = 2, k = 3], got float32 [4, 3].'],
    [NORM, { x: [2, 3], mean: [2, 3] }, 'mean must be float32 [... = 2, 1], got float32 [2, 3].'],
    [NORM, { x: [] }, 'x must be float32 [..., k], got float32 [].'],
    [LOSS, { logits: [2, 3], labels: [2] }, 'labels must be int32 [m = 2], got float32 [2].'],
  ] as [Record<string, Shape>, Record<string, number[]>, string][]) {
    test(message, () => {
      assert.throws(() => check(shapes, given), new ShapeError(`Op: ${message}`));
    });
  }
});

function check(shapes: Record<string, Shape>, given: Record<string, number[]>): void {
  tf.tidy(() => {
    const tensors = Object.entries(given).map(([name, shape]) => [name, tf.ones(shape)] as const);
    assertShapes('Op', Object.fromEntries<tf.Tensor>(tensors), shapes);
  });
}
