import type { Random } from '../../tensor/runtime';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  type Matrix,
  type Part,
  plus,
  scale,
  type Suspects,
  tensor,
  times,
  timesEntries,
  toVariable,
  transpose,
  valueCase,
} from '../judge';

interface Size {
  d: number;
  k: number;
  r: number;
  scaling: number;
}

const SIZES: Size[] = [
  { d: 5, k: 3, r: 2, scaling: 2.5 },
  { d: 4, k: 9, r: 3, scaling: 0.25 },
  { d: 8, k: 6, r: 4, scaling: 3 },
];
/** No cell has its scaling: an answer with a number in the place of the argument is wrong here too. */
const SQUARE: Size = { d: 6, k: 6, r: 2, scaling: 1.75 };
const ANY_ORDER: Size = { d: 4, k: 4, r: 4, scaling: 3 };
/** The scalings of the cells, and their alphas. */
const FIXED = [2, 4, 8, 16, 32];
const IS_FIXED = 'the scaling is fixed: use the argument, scaling';

const mergeLoraWeights: Part = {
  name: 'mergeLoraWeights',
  signature:
    'function mergeLoraWeights(w0: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number): tf.Tensor2D',
  cases: (random) => inTurn(SIZES, (size) => mergeCase(random, size)),
  square: (random) => mergeCase(random, SQUARE),
  anyOrder: (random) => anyOrderCase(random, 'w0', 1),
};

const unmergeLoraWeights: Part = {
  name: 'unmergeLoraWeights',
  signature:
    'function unmergeLoraWeights(w: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, scaling: number): tf.Tensor2D',
  cases: (random) => inTurn(SIZES, (size) => unmergeCase(random, size)),
  square: (random) => unmergeCase(random, SQUARE),
  anyOrder: (random) => anyOrderCase(random, 'w', -1),
};

async function drawLayer(random: Random, { d, k, r }: Size) {
  const w0 = await drawMatrix(random, d, k);
  const A = await drawMatrix(random, r, k);
  const B = await drawMatrix(random, d, r);
  return { w0, A, B, product: times(B, A) };
}

/** Multiplies the sums of B's rows [d, 1] by the sums of A's columns [1, k] -> [d, k]. */
function sumsOuter(B: Matrix, A: Matrix): Matrix {
  const ones = (rows: number, columns: number): Matrix => {
    return { shape: [rows, columns], values: Array.from({ length: rows * columns }, () => 1) };
  };
  const [r] = A.shape;
  return times(times(B, ones(r, 1)), times(ones(1, r), A));
}

function addToAll({ shape, values }: Matrix, s: number): Matrix {
  return { shape, values: values.map((value) => value + s) };
}

async function mergeCase(random: Random, size: Size): Promise<Case> {
  const { w0, A, B, product } = await drawLayer(random, size);
  const { r, scaling: s } = size;
  const withScale = (factor: number) => tensor(plus(w0, product, factor));
  return valueCase({
    args: { w0: toVariable(w0), A: toVariable(A), B: toVariable(B), scaling: s },
    expected: withScale(s),
    suspects: {
      'the scale is missing: that is W0 + B A': withScale(1),
      'scaled twice: the square of the scaling': withScale(s * s),
      'divided by the scaling instead of multiplied': withScale(1 / s),
      'the scaling is alpha / r already: yours multiplies it by r, which gives alpha': withScale(
        s * r,
      ),
      'the scaling is alpha / r already: yours divides by r once more': withScale(s / r),
      [IS_FIXED]: FIXED.map(withScale),
      'the update is subtracted: that unmerges': withScale(-s),
      'the update is missing: that is W0 as it was': tensor(w0),
      'a broadcast instead of the product: sums of B times sums of A': tensor(
        plus(w0, sumsOuter(B, A), s),
      ),
      'W0 is missing: that is the update alone': [
        tensor(scale(product, s)),
        tensor(scale(product, 1)),
      ],
      'W0 is scaled too: only B A carries the scaling': tensor(scale(plus(w0, product, 1), s)),
      'W0 is added twice': tensor(plus(scale(w0, 2), product, s)),
      'the scaling is added: it must multiply B A': tensor(addToAll(plus(w0, product, 1), s)),
      'W0 and the update are multiplied: they must be added': tensor(
        timesEntries(w0, scale(product, s)),
      ),
    },
  });
}

async function unmergeCase(random: Random, size: Size): Promise<Case> {
  const { w0: merged, A, B, product } = await drawLayer(random, size);
  const { r, scaling: s } = size;
  const withScale = (factor: number) => tensor(plus(merged, product, factor));
  return valueCase({
    args: { w: toVariable(merged), A: toVariable(A), B: toVariable(B), scaling: s },
    expected: withScale(-s),
    suspects: {
      'the update is added a second time instead of subtracted': withScale(s),
      'the scale is missing: subtract s B A, not B A': withScale(-1),
      'scaled twice: the square of the scaling': withScale(-s * s),
      'divided by the scaling instead of multiplied': withScale(-1 / s),
      'the scaling is alpha / r already: yours multiplies it by r, which gives alpha': withScale(
        -s * r,
      ),
      'the scaling is alpha / r already: yours divides by r once more': withScale(-s / r),
      [IS_FIXED]: FIXED.map((factor) => withScale(-factor)),
      'the merged weight is returned unchanged': tensor(merged),
      'the merged weight is missing: that is the update alone': [1, s, -1, -s].map((factor) =>
        tensor(scale(product, factor)),
      ),
      'the merged weight is scaled too: only B A carries the scaling': [
        tensor(scale(plus(merged, product, -1), s)),
        tensor(scale(plus(merged, product, -s), 1 / s)),
      ],
      'a broadcast instead of the product: sums of B times sums of A': tensor(
        plus(merged, sumsOuter(B, A), -s),
      ),
      'the scaling is subtracted: it must multiply B A': tensor(
        addToAll(plus(merged, product, -1), -s),
      ),
      'the merged weight is divided by the update: the update must be subtracted': tensor({
        ...merged,
        values: merged.values.map((value, i) => value / (s * (product.values[i] ?? NaN))),
      }),
      'the sign is reversed: it must be W - s B A': tensor(scale(plus(merged, product, -s), -1)),
    },
  });
}

/** A layer on which A and B fit in any order. `sign` is that of the update. */
async function anyOrderCase(random: Random, weight: string, sign: 1 | -1): Promise<Case> {
  const { w0, A, B, product } = await drawLayer(random, ANY_ORDER);
  const s = ANY_ORDER.scaling;
  // The order is the first thing to mend, whatever else is wrong.
  const from = (update: Matrix) =>
    [s, 1, -s, -1].flatMap((c) =>
      [plus(w0, update, c), scale(update, c), scale(plus(w0, update, Math.sign(c)), s)].map(tensor),
    );
  const suspects: Suspects = {
    'yours is A B, which does not fit [d, k]: the update is B A, [d, r] times [r, k]': from(
      times(A, B),
    ),
    'the weight is multiplied with the update: they must be added': [
      times(w0, product),
      times(product, w0),
    ].flatMap((one) => [tensor(scale(one, s)), tensor(one)]),
    'B.mul(A) multiplies entry by entry: the matrix product is tf.matMul(B, A)': from(
      timesEntries(A, B),
    ),
    'a factor is transposed: the update is B A, [d, r] times [r, k], as they come': [
      times(transpose(A), transpose(B)),
      times(transpose(A), B),
      times(A, transpose(B)),
      times(transpose(B), A),
      times(B, transpose(A)),
      times(transpose(B), transpose(A)),
    ].flatMap(from),
  };
  return valueCase({
    args: { [weight]: toVariable(w0), A: toVariable(A), B: toVariable(B), scaling: s },
    expected: tensor(plus(w0, product, sign * s)),
    suspects,
  });
}

/** Exercise 4: W = W0 + s B A, and back. */
export const merge: Exercise = {
  id: 'merge',
  title: 'Exercise 4: weight merging',
  parts: [mergeLoraWeights, unmergeLoraWeights],
  hints: [
    'Each function is one line that follows from W = W0 + s B A. Write down the shapes: W0 [d, k], B [d, r], A [r, k].',
    'tf.matMul(B, A) is [d, k] without a transpose. scaling is alpha / r already.',
    'Tensors have no operators: write a.add(b), a.sub(b) and a.mul(s). They return new tensors, so W0 is unchanged. tf.tidy(() => ...) frees those in between.',
    'return tf.tidy(() => w0.add(tf.matMul(B, A).mul(scaling))); the inverse has sub instead of add.',
  ],
};
