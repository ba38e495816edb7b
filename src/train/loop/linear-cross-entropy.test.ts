import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { freshSeed } from '../../../tests/fresh';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { linearCrossEntropy } from './linear-cross-entropy';
import { IGNORED } from './row-weights';

before(useAccelerator);

interface Case {
  n: number;
  k: number;
  v: number;
  /** tells which rows have a label */
  counts: (row: number) => boolean;
  weighted: boolean;
}

const CASES: Record<string, Case> = {
  'every row counts': { n: 6, k: 3, v: 5, counts: () => true, weighted: false },
  'some rows count, by weights': { n: 7, k: 4, v: 9, counts: (i) => i % 3 > 0, weighted: true },
  'one row counts': { n: 4, k: 2, v: 3, counts: (i) => i === 2, weighted: false },
};

describe('linearCrossEntropy equals loops in float64', () => {
  for (const [name, one] of Object.entries(CASES)) {
    const seed = freshSeed();
    test(`where ${name}, seed ${seed}`, async () => {
      const { n, k, v } = one;
      const random = new Random(seed);
      const hidden = random.normal([2, n / 2, k].map(Math.ceil), 0, 0.5);
      const rows = hidden.size / k;
      const weight = random.normal<tf.Rank.R2>([v, k], 0, 1);
      const labels = Array.from({ length: rows }, (_, i) =>
        one.counts(i) ? (5 * i) % v : i % 2 === 0 ? IGNORED : -100,
      );
      const weights = one.weighted ? labels.map((_, i) => 0.5 + (i % 4)) : undefined;
      const before = memory().tensors;
      const loss = linearCrossEntropy(hidden, weight, labels, weights);
      const [dHidden, dWeight] = tf.tidy(() =>
        tf.grads((h, w) => linearCrossEntropy(h, w as tf.Tensor2D, labels, weights).mul(3))([
          hidden,
          weight,
        ]),
      ) as [tf.Tensor, tf.Tensor];
      const [H, W] = [await read(hidden), await read(weight)];
      const wanted = reference({ H, W, k, v, labels, weights });
      assertClose(await read(loss), [wanted.loss], 1e-5, 'loss');
      assertClose(
        await read(dHidden),
        wanted.dHidden.map((g) => 3 * g),
        1e-5,
        'dL/dh',
      );
      assertClose(
        await read(dWeight),
        wanted.dWeight.map((g) => 3 * g),
        1e-5,
        'dL/dW',
      );
      tf.dispose([loss, dHidden, dWeight]);
      assert.equal(memory().tensors, before);
    });
  }
});

/** Computes loss and gradients row by row. */
function reference(given: {
  H: ArrayLike<number>;
  W: ArrayLike<number>;
  k: number;
  v: number;
  labels: number[];
  weights?: number[] | undefined;
}) {
  const { H, W, k, v, labels, weights } = given;
  const shares = labels.map((label, i) => (label < 0 ? 0 : (weights?.[i] ?? 1)));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const dHidden = new Float64Array(labels.length * k);
  const dWeight = new Float64Array(v * k);
  let loss = 0;
  for (const [i, label] of labels.entries()) {
    const share = (shares[i] ?? 0) / total;
    const z = Array.from({ length: v }, (_, j) =>
      Array.from({ length: k }, (_, c) => (H[i * k + c] ?? NaN) * (W[j * k + c] ?? NaN)).reduce(
        (sum, value) => sum + value,
      ),
    );
    const most = Math.max(...z);
    const sum = z.reduce((s, value) => s + Math.exp(value - most), 0);
    if (share > 0) loss += share * (Math.log(sum) + most - (z[label] ?? NaN));
    for (const [j, value] of z.entries()) {
      const dz = share * (Math.exp(value - most) / sum - (j === label ? 1 : 0));
      for (let c = 0; c < k; c++) {
        dHidden[i * k + c] = (dHidden[i * k + c] ?? NaN) + dz * (W[j * k + c] ?? NaN);
        dWeight[j * k + c] = (dWeight[j * k + c] ?? NaN) + dz * (H[i * k + c] ?? NaN);
      }
    }
  }
  return { loss, dHidden, dWeight };
}

describe('linearCrossEntropy', () => {
  test('gives the same in chunks as at once', async () => {
    // A software GPU would take a minute for two chunks, so it gets one.
    const [v, n] = tf.getBackend() === 'webgpu' ? [2 ** 10, 40] : [2 ** 19, 40];
    const labels = Array.from({ length: n }, (_, i) => i);
    const hidden = tf.ones([n, 1]).mul(0.3);
    const loss = linearCrossEntropy(hidden, tf.zeros([v, 1]), labels);
    const dHidden = tf.grad((h) => linearCrossEntropy(h, tf.zeros([v, 1]), labels))(hidden);
    assertClose(await read(loss), [Math.log(v)], 1e-5, 'of equal logits');
    assert.deepEqual(dHidden.shape, [n, 1]);
  });

  test('refuses what does not fit', () => {
    const [hidden, weight] = [tf.ones([2, 3]), tf.ones<tf.Rank.R2>([5, 3])];
    const before = memory().tensors;
    assert.throws(() => linearCrossEntropy(tf.ones([2, 4]), weight, [0, 1]), ShapeError);
    assert.throws(() => linearCrossEntropy(hidden, weight, [0]), ShapeError);
    assert.throws(() => linearCrossEntropy(hidden, weight, [0, 5]), ArgumentError);
    assert.throws(() => linearCrossEntropy(hidden, weight, [IGNORED, -100]), ArgumentError);
    for (const bad of [-2, -99, -101, 1.5, NaN]) {
      assert.throws(() => linearCrossEntropy(hidden, weight, [0, bad]), /-1 or -100 to ignore/);
    }
    assert.equal(memory().tensors, before + 1); // the hidden that does not fit
  });
});
