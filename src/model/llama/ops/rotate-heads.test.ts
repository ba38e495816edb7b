import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { compareOp } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import { rotateHeads } from './rotate-heads';

before(useAccelerator);

type Shape = [batch: number, time: number, heads: number, size: number];

const SHAPES: Shape[] = [
  [1, 1, 1, 2],
  [2, 5, 3, 6],
  [3, 1, 2, 64],
  [1, 9, 4, 10],
  [2, 70, 1, 16],
  [2, 40, 8, 128],
];

describe('RotateHeads and its gradient equal loops in float64', () => {
  for (const shape of SHAPES) {
    for (const isPadded of [false, true]) {
      const seed = freshSeed();
      const angles = isPadded ? 'angles of each text' : 'the same angles for all';
      test(`of [${shape.join(', ')}] with ${angles}, seed ${seed}`, () =>
        compare(shape, isPadded, seed));
    }
  }
});

test('A rotation does not change what two positions as far apart make of each other', async () => {
  const x = new Random(freshSeed()).normal<tf.Rank.R4>([1, 1, 1, 6], 0, 1);
  // On the host: cos and sin of a GPU may be rough.
  const at = (position: number) => {
    const of = (f: (angle: number) => number) =>
      tf.tensor2d([[1, 0.3, 0.01].map((w) => f(position * w))]);
    return rotateHeads({ x, cos: of(Math.cos), sin: of(Math.sin) });
  };
  const product = (a: number, b: number) => read(tf.tidy(() => at(a).mul(at(b)).sum()));
  assertClose(await product(7, 3), await product(4, 0), 1e-5);
  assert.ok(Math.abs(((await product(7, 3))[0] ?? 0) - ((await product(7, 2))[0] ?? 0)) > 1e-4);
});

function compare(shape: Shape, isPadded: boolean, seed: number): Promise<void> {
  const [batch, time, heads, size] = shape;
  const random = new Random(seed);
  return compareOp({
    draw: () => {
      const angles = random.uniform([...(isPadded ? [batch] : []), time, size / 2], 0, 6.3);
      // Lengths other than 1 show a cos or sin that is taken for the other.
      const [cos, sin] = tf.tidy<Pair>(() => [angles.cos().mul(1.3), angles.sin().mul(0.7)]);
      angles.dispose();
      const x = random.normal<tf.Rank.R4>(shape, 0, 1);
      return { x, cos, sin, dy: random.normal([batch, heads, time, size], 0.5, 1) };
    },
    op: ({ x, cos, sin }) => rotateHeads({ x, cos, sin }),
    reference: (given) => reference(given, shape),
    tolerance: 1e-6,
  });
}

type Pair = [tf.Tensor, tf.Tensor];

function reference(
  { x, cos, sin, dy }: Record<'x' | 'cos' | 'sin' | 'dy', Float32Array>,
  [batch, time, heads, size]: Shape,
) {
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const half = size / 2;
  const isPadded = cos.length > time * half;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < time; t++) {
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < half; i++) {
          const a = ((isPadded ? b * time : 0) + t) * half + i;
          const [c, s] = [cos[a] as number, sin[a] as number];
          const from = ((b * time + t) * heads + h) * size + i;
          const to = ((b * heads + h) * time + t) * size + i;
          const [first, second] = [x[from] as number, x[from + half] as number];
          y[to] = first * c - second * s;
          y[to + half] = first * s + second * c;
          const [dFirst, dSecond] = [dy[to] as number, dy[to + half] as number];
          dx[from] = dFirst * c + dSecond * s;
          dx[from + half] = dSecond * c - dFirst * s;
        }
      }
    }
  }
  return { y, x: dx };
}
