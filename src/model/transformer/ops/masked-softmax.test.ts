import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { compareOp, type NumbersOf } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import '../../gpt2';
import { attentionMask } from '../attention';
import { maskedSoftmax } from './masked-softmax';

before(useAccelerator);

const SCALE = 0.37;

type Shape = [batch: number, heads: number, time: number, all: number];

const SHAPES: Shape[] = [
  [1, 1, 1, 1],
  [2, 3, 5, 5],
  [3, 2, 1, 70],
  [1, 2, 9, 64],
  [2, 1, 3, 300],
  [1, 1, 2, 1100],
];

/** What masks there are, by shape of the scores. */
const MASKS: Record<string, (shape: Shape, random: Random) => tf.Tensor | null> = {
  'no mask': () => null,
  'a causal mask': ([, , time, all]) => attentionMask(time, all),
  // No row without a position to look at: that one has a test of its own.
  'a mask of padding': ([batch, , time, all]) =>
    tf.tidy(() => {
      const padding = Array.from({ length: batch }, (_, i) => Math.min(i, all - time));
      return attentionMask(time, all, { starts: tf.tensor1d(padding) }) as tf.Tensor;
    }),
  'any numbers [time, all]': ([, , time, all], random) => random.normal([time, all], 0, 2),
  'any numbers [batch, 1, time, all]': ([batch, , time, all], random) =>
    random.normal([batch, 1, time, all], 0, 2),
};

describe('MaskedSoftmax and its gradient equal loops in float64', () => {
  for (const shape of SHAPES) {
    for (const [name, draw] of Object.entries(MASKS)) {
      const seed = freshSeed();
      test(`of [${shape.join(', ')}] with ${name}, seed ${seed}`, () => {
        const random = new Random(seed);
        return compare(shape, () => ({
          scores: random.normal(shape, 0, 4),
          dy: random.normal(shape, 0, 1),
          mask: draw(shape, random),
        }));
      });
    }
  }

  test('for scores far apart', () =>
    compare([1, 2, 1, 4], () => ({
      scores: tf.tensor4d([800, -800, 799, 0, -3e4, -3e4, -3e4, -3e4], [1, 2, 1, 4]),
      dy: tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 1, 4]),
      mask: null,
    })));
});

test('A row of padding that sees nothing still has finite shares that sum to 1', async () => {
  const mask = attentionMask(3, 3, { starts: tf.tensor1d([2, 0]) }) as tf.Tensor;
  const p = maskedSoftmax(
    { scores: new Random(1).normal([2, 1, 3, 3], 0, 1), mask },
    { scale: SCALE },
  );
  const values = Array.from(await read(p));
  for (let row = 0; row < 6; row++) {
    const sum = values.slice(3 * row, 3 * row + 3).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `row ${row}: ${sum}`);
  }
  assert.equal(values[6], 0); // the text's first token does not look at the padding
  assert.equal(values[7], 0);
});

interface Drawn {
  scores: tf.Tensor4D;
  dy: tf.Tensor4D;
  mask: tf.Tensor | null;
}

function compare(shape: Shape, draw: () => Drawn): Promise<void> {
  return compareOp({
    draw,
    op: ({ scores, mask }) => maskedSoftmax({ scores, mask }, { scale: SCALE }),
    reference: (given) => reference(given, shape),
    tolerance: 1e-5,
  });
}

function reference({ scores, mask, dy: dp }: NumbersOf<Drawn>, [, heads, time, all]: Shape) {
  const p: number[] = [];
  const dScores: number[] = [];
  for (let row = 0; row < scores.length / all; row++) {
    const batch = Math.floor(row / (heads * time));
    const maskRow = (mask?.length === time * all ? 0 : batch * time) + (row % time);
    const logits = Array.from(scores.subarray(row * all, (row + 1) * all)).map(
      (score, j) => SCALE * score + (mask?.[maskRow * all + j] ?? 0),
    );
    const max = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - max));
    const sum = powers.reduce((total, power) => total + power, 0);
    const share = powers.map((power) => power / sum);
    const mean = share.reduce((total, s, j) => total + s * (dp[row * all + j] as number), 0);
    p.push(...share);
    dScores.push(...share.map((s, j) => SCALE * s * ((dp[row * all + j] as number) - mean)));
  }
  return { y: p, scores: dScores };
}
