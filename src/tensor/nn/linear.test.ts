import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { memory, useAccelerator } from '../runtime';
import { Embedding } from './embedding';
import { Linear, type LinearWeights } from './linear';

before(useAccelerator);

describe('weights of another shape are refused, and nothing leaks', () => {
  const matrix = tf.ones<tf.Rank.R2>([2, 3]);
  const [scalar, row, cube] = [tf.scalar(1), tf.ones([3]), tf.ones([2, 3, 1])];
  for (const [weights, message] of [
    [{ weight: row }, /^Linear: weight must be a tensor \[d, k\], got \[3\]/],
    [{ weight: scalar }, /got \[\]/],
    [{ weight: cube }, /got \[2, 3, 1\]/],
    [{ weight: [[1, 2]] }, /got object, which is no tensor/],
    [{ weight: matrix, bias: row }, /bias must be \[2\] to fit weight \[2, 3\], got \[3\]/],
    [{ weight: matrix, bias: tf.ones([2, 1]) }, /bias must be \[2\] .* got \[2, 1\]/],
    [{ weight: matrix, bias: [1, 2] }, /bias must be \[2\] .* got object, which is no tensor/],
  ] as const) {
    test(String(message), () => {
      const before = memory();
      const make = () => new Linear(weights as unknown as LinearWeights);
      assert.throws(make, { name: 'ShapeError', message });
      assert.deepEqual(memory(), before);
    });
  }

  test('of an embedding too', () => {
    const weight = row as tf.Tensor2D;
    const message = 'Embedding: weight must be [rows, width], got [3].';
    assert.throws(() => new Embedding({ weight }), { name: 'ShapeError', message });
  });
});
