import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { compareOp } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, useAccelerator } from '../../../tensor/runtime';
import { gelu } from './gelu';

before(useAccelerator);

describe('GELU and its gradient equal loops in float64', () => {
  for (const shape of [[], [1], [2, 3, 5], [7, 100], [4, 64, 4], [1031]]) {
    const seed = freshSeed();
    test(`of [${shape.join(', ')}], seed ${seed}`, () => {
      const random = new Random(seed);
      return compare(() => ({ x: random.normal(shape, 0, 2), dy: random.normal(shape, 0, 1) }));
    });
  }

  test('far from zero', () =>
    compare(() => ({ x: tf.tensor1d([100, -100, 1e4, -1e4]), dy: tf.ones([4]) })));
  test('where it is small', () =>
    compare(() => ({ x: tf.tensor1d([-4, -3, -5, 0]), dy: tf.ones([4]) })));
});

function compare(draw: () => Record<'x' | 'dy', tf.Tensor>): Promise<void> {
  return compareOp({
    draw,
    op: ({ x }) => gelu({ x }),
    reference: ({ x, dy }) => ({
      y: Array.from(x, geluOf),
      x: Array.from(x, (value, i) => slopeOf(value) * (dy[i] as number)),
    }),
    tolerance: 1e-5,
  });
}

const tanhOf = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

function geluOf(x: number): number {
  return 0.5 * x * (1 + tanhOf(x));
}

function slopeOf(x: number): number {
  const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  return 0.5 * (1 + tanhOf(x)) + 0.5 * x * (1 - tanhOf(x) ** 2) * inner;
}
