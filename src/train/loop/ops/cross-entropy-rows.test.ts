import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { alive, freshSeed, poison } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { crossEntropyRows } from './cross-entropy-rows';

before(useAccelerator);

describe('CrossEntropyRows equals loops in float64', () => {
  for (const [m, v, size] of [
    [1, 2, 1],
    [3, 64, 60],
    [70, 33, 1],
    [70, 33, 60],
    [9, 257, 1],
    [2, 3001, 3],
  ] as [number, number, number][]) {
    const seed = freshSeed();
    test(`[${m}, ${v}], logits of about ${size}, seed ${seed}`, () => compare(m, v, size, seed));
  }
});

async function compare(m: number, v: number, size: number, seed: number): Promise<void> {
  const start = alive();
  const random = new Random(seed);
  const logits = random.normal<tf.Rank.R2>([m, v], size, size);
  // The first and the last of the vocabulary are among them.
  const labels = Int32Array.from({ length: m }, (_, i) => (i === 0 ? v - 1 : (seed + i * i) % v));
  labels[m - 1] = m > 1 ? 0 : v - 1;
  const shares = random.uniform<tf.Rank.R1>([m], 0.2, 2);
  const want = reference(await read(logits), labels, await read(shares));

  await poison([m, v], [m, v], [m], [m]);
  const label = tf.tensor1d(labels, 'int32');
  const { losses, dLogits } = crossEntropyRows({ logits, labels: label, shares });
  assert.ok(logits.isDisposed);
  assert.deepEqual([losses.shape, dLogits.shape], [[m], [m, v]]);
  assertClose(await read(losses), want.losses, 1e-5, 'losses');
  assertClose(await read(dLogits), want.gradient, 2e-5, 'dL/dz');
  tf.dispose([losses, dLogits, label, shares]);
  assert.deepEqual(alive(), start);
}

function reference(
  logits: Float32Array,
  labels: Int32Array,
  shares: Float32Array,
): { losses: number[]; gradient: number[] } {
  const v = logits.length / labels.length;
  const losses: number[] = [];
  const gradient: number[] = [];
  for (const [i, label] of labels.entries()) {
    const row = Array.from(logits.subarray(i * v, (i + 1) * v));
    const share = shares[i] as number;
    const max = Math.max(...row);
    const sum = row.reduce((total, z) => total + Math.exp(z - max), 0);
    losses.push(share * (max + Math.log(sum) - (row[label] as number)));
    row.forEach((z, j) => gradient.push(share * (Math.exp(z - max) / sum - (j === label ? 1 : 0))));
  }
  return { losses, gradient };
}
