import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../../tests/close';
import { compareOp, type NumbersOf } from '../../../../tests/compare-op';
import { freshSeed } from '../../../../tests/fresh';
import { someOf } from '../../../../tests/some-of';
import { Random, read, useAccelerator } from '../../../tensor/runtime';
import '../../gpt2';
import { firstSeen, type Sight } from '../attention';
import { attention } from './attention';

before(useAccelerator);

const SCALE = 0.37;

interface Shape {
  batch: number;
  heads: number;
  kvHeads: number;
  time: number;
  all: number;
  size: number;
}

const shapeOf = (
  batch: number,
  [heads, kvHeads]: [number, number],
  [time, all]: [number, number],
  size: number,
): Shape => ({ batch, heads, kvHeads, time, all, size });

const SHAPES: Shape[] = [
  shapeOf(1, [1, 1], [1, 1], 1),
  shapeOf(2, [3, 3], [5, 5], 4),
  shapeOf(2, [6, 2], [1, 70], 16), // a token after others
  shapeOf(3, [4, 1], [2, 9], 33),
  shapeOf(1, [9, 3], [31, 31], 64),
  shapeOf(2, [2, 2], [50, 77], 20), // several blocks, the last one shorter
  shapeOf(1, [2, 1], [25, 300], 7),
];

const SIGHTS: Record<string, (shape: Shape) => Sight> = {
  'all before it': () => ({}),
  'its text, after padding': ({ batch, all }) => ({
    starts: tf.tensor1d(
      Array.from({ length: batch }, (_, i) => Math.min(3 * i + 1, all)),
      'int32',
    ),
  }),
  'a window': ({ all }) => ({ window: Math.ceil(all / 3) }),
  'texts one after another': ({ batch, time, all }) => ({
    starts: tf.tensor2d(
      Array.from({ length: batch }, (_, b) =>
        Array.from({ length: time }, (_, t) => Math.max(0, all - time + t - ((t + b) % 4))),
      ),
      [batch, time],
      'int32',
    ),
  }),
};

describe('Attention and its gradients equal loops in float64', () => {
  for (const shape of SHAPES) {
    for (const [name, sightOf] of someOf(Object.entries(SIGHTS), 2)) {
      const seed = freshSeed();
      const { batch, heads, kvHeads, time, all, size } = shape;
      test(`of ${Object.values(shape).join(', ')}, where a query sees ${name}, seed ${seed}`, () =>
        compareOp({
          draw: () => {
            const random = new Random(seed);
            return {
              q: random.normal<tf.Rank.R4>([batch, heads, time, size], 0, 1),
              k: random.normal<tf.Rank.R4>([batch, kvHeads, all, size], 0, 1),
              v: random.normal<tf.Rank.R4>([batch, kvHeads, all, size], 0, 1),
              first: drawFirst(shape, sightOf(shape)),
              dy: random.normal([batch, time, heads * size], 0, 1),
            };
          },
          op: ({ q, k, v, first }) =>
            tf.tidy(() =>
              attention({ q, k, v, first: first.toInt() as tf.Tensor2D }, { scale: SCALE }),
            ),
          reference: (given) => reference(given, shape),
          tolerance: 1e-5,
        }));
    }
  }
});

test('padding before a text sees itself alone, and the text none of it', async () => {
  const first = firstSeen(3, 3, { starts: tf.tensor1d([2, 0], 'int32') });
  const random = new Random(1);
  const [q, k, v] = [0, 1, 2].map(() => random.normal<tf.Rank.R4>([2, 1, 3, 2], 0, 1)) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  const y = attention({ q, k, v, first }, { scale: SCALE });
  const [seen, values] = [await read(y), await read(v)];
  assertClose(seen.slice(0, 6), values.slice(0, 6), 1e-6);
  assertClose(seen.slice(6, 8), values.slice(6, 8), 1e-6);
});

/** Numbers as float32, which the op gets as int32. */
function drawFirst({ time, all }: Shape, sight: Sight): tf.Tensor {
  const first = firstSeen(time, all, sight);
  const drawn = first.toFloat();
  tf.dispose([first, sight.starts].filter((one) => one instanceof tf.Tensor));
  return drawn;
}

type Given = NumbersOf<Record<'q' | 'k' | 'v' | 'first' | 'dy', tf.Tensor>>;

function reference({ q, k, v, first, dy }: Given, shape: Shape) {
  const { batch, heads, kvHeads, time, all, size } = shape;
  const [y, dq, dk, dv] = [dy, q, k, v].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const at = (x: ArrayLike<number>, i: number) => x[i] as number;
  const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number) =>
    Array.from({ length: size }, (_, s) => at(a, i + s) * at(b, j + s)).reduce((x, z) => x + z, 0);
  const add = (to: Float64Array, i: number, by: number, x: ArrayLike<number>, j: number) => {
    for (let s = 0; s < size; s++) to[i + s] = at(to, i + s) + by * at(x, j + s);
  };
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const pair = b * kvHeads + Math.floor((h * kvHeads) / heads);
      for (let t = 0; t < time; t++) {
        const query = ((b * heads + h) * time + t) * size;
        const out = ((b * time + t) * heads + h) * size;
        const from = at(first, (first.length > time ? b * time : 0) + t);
        const keys = Array.from({ length: all - time + t + 1 - from }, (_, j) => from + j);
        const place = (j: number) => (pair * all + j) * size;
        const scores = keys.map((j) => SCALE * dot(q, query, k, place(j)));
        const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const sum = powers.reduce((x, z) => x + z, 0);
        const dp = keys.map((j) => dot(dy, out, v, place(j)));
        const mean = powers.reduce((x, power, i) => x + (power / sum) * at(dp, i), 0);
        for (const [i, j] of keys.entries()) {
          const p = at(powers, i) / sum;
          const ds = SCALE * p * (at(dp, i) - mean);
          add(y, out, p, v, place(j));
          add(dv, place(j), p, dy, out);
          add(dq, query, ds, k, place(j));
          add(dk, place(j), ds, q, query);
        }
      }
    }
  }
  return { y, q: dq, k: dk, v: dv };
}
