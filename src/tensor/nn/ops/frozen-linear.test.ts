import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { freshSeed, poison } from '../../../../tests/fresh';
import { matrix, multiply, transpose } from '../../../../tests/matrix';
import { memory, Random, read, useAccelerator } from '../../runtime';
import { Linear } from '../linear';

before(useAccelerator);

type Sizes = [n: number, k: number, d: number];

describe('a frozen Linear and its gradients equal loops in float64', () => {
  for (const [n, k, d] of [
    [1, 1, 1],
    [5, 7, 3],
    [70, 33, 65],
  ] as Sizes[]) {
    for (const hasBias of [true, false]) {
      const seed = freshSeed();
      test(`${n} rows, ${k} to ${d}, ${hasBias ? '' : 'no '}bias, seed ${seed}`, async () => {
        const random = new Random(seed);
        const weight = random.normal<tf.Rank.R2>([d, k], 0, 1);
        const bias = hasBias ? random.normal<tf.Rank.R1>([d], 0, 1) : null;
        const layer = new Linear({ weight, bias });
        for (const parameter of layer.namedParameters().values()) parameter.trainable = false;
        const [x, dh] = [random.normal([1, n, k], 0, 1), random.normal([1, n, d], 0, 1)];
        await poison([n, d], [n, k]);
        const before = memory().tensors;
        const h = layer.forward(x);
        const dx = tf.tidy(() => tf.grad((input) => layer.forward(input).mul(dh))(x));
        assert.deepEqual(h.shape, [1, n, d]);
        const [W, X, D] = [await matrix(weight), await matrix(x), await matrix(dh)];
        const product = multiply(X, transpose(W));
        const b = bias ? await read(bias) : new Float32Array(d);
        const wanted = product.map((row) => row.map((value, i) => value + (b[i] ?? NaN)));
        assertClose(await read(h), wanted.flat(), 1e-5, 'h');
        assertClose(await read(dx), multiply(D, W).flat(), 1e-5, 'dx');
        tf.dispose([h, dx]);
        assert.equal(memory().tensors, before);
      });
    }
  }

  test('a bias that is trained alone gets its gradient', async () => {
    const layer = new Linear({ weight: tf.ones([2, 3]), bias: tf.zeros([2]) });
    layer.weight.trainable = false;
    const { grads } = tf.variableGrads(() => layer.forward(tf.ones([4, 3])).sum());
    assert.deepEqual(Object.keys(grads), [layer.bias?.name]);
    assert.deepEqual([...(await read(Object.values(grads)[0] as tf.Tensor))], [4, 4]);
  });

  test('keeps nothing but its weight for the way back', () => {
    const layer = new Linear({ inFeatures: 50, outFeatures: 40 });
    for (const parameter of layer.namedParameters().values()) parameter.trainable = false;
    const first = tf.variable(tf.ones([100, 50]));
    const { bytes } = memory();
    tf.variableGrads(() => {
      const h = tf.tidy(() => layer.forward(first.mul(2)));
      const more = memory().bytes - bytes;
      // h and the weight, and what tf.mul keeps: the variable and a scalar. Not x, not W x.
      assert.ok(more <= 4 * (100 * 40 + 40 * 50 + 100 * 50 + 1), `${more} bytes`);
      return h.sum();
    });
  });
});
