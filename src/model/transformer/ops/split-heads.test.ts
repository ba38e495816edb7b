import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import '../../gpt2';
import { splitHeads } from './split-heads';

before(useAccelerator);

describe('SplitHeads puts each number in its place, and its gradient puts it back', () => {
  for (const [batch, time, heads, size] of [
    [1, 1, 1, 1],
    [2, 5, 3, 4],
    [3, 70, 2, 33],
  ] as [number, number, number, number][]) {
    const seed = freshSeed();
    test(`${batch} texts, ${time} positions, ${heads} heads of ${size}, seed ${seed}`, async () => {
      const start = alive();
      const random = new Random(seed);
      const width = 3 * heads * size;
      const qkv = random.normal<tf.Rank.R3>([batch, time, width], 0, 1);
      const factors = [0, 1, 2].map(() => random.normal([batch, heads, time, size], 0, 1));
      await poison(...factors.map(({ shape }) => shape), qkv.shape, qkv.shape);
      const parts = Object.values(splitHeads({ qkv }, { heads }));
      const gradient = tf.tidy(() =>
        tf.grad((x) =>
          tf.addN(
            Object.values(splitHeads({ qkv: x }, { heads })).map((part, i) =>
              part.mul(factors[i] as tf.Tensor).sum(),
            ),
          ),
        )(qkv),
      );
      const input = await read(qkv);
      const outputs = await Promise.all(parts.map(read));
      const wanted = await Promise.all(factors.map(read));
      const found = await read(gradient);
      tf.dispose([qkv, ...factors, ...parts, gradient]);
      assert.deepEqual(alive(), start);
      for (const [i, value] of input.entries()) {
        const [row, column] = [Math.floor(i / width), i % width];
        const [b, t] = [Math.floor(row / time), row % time];
        const part = Math.floor(column / (heads * size));
        const [h, j] = [Math.floor(column / size) % heads, column % size];
        const place = ((b * heads + h) * time + t) * size + j;
        assert.equal(outputs[part]?.[place], value);
        assert.equal(found[i], wanted[part]?.[place]);
      }
    });
  }

  test('where only some of them are used', async () => {
    const qkv = tf.ones([1, 2, 6]);
    const gradient = tf.grad((x) => splitHeads({ qkv: x }, { heads: 1 }).k.sum())(qkv);
    assert.deepEqual([...(await read(gradient))], [0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]);
  });
});
