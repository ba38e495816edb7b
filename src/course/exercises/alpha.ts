import type { Random } from '../../tensor/runtime';
import {
  type Case,
  drawMatrix,
  type Exercise,
  type Matrix,
  type Part,
  scale,
  tensor,
  times,
  timesEntries,
  toVariable,
  transpose,
  valueCase,
} from '../judge';

interface Size {
  n: number;
  d: number;
  k: number;
  r: number;
  alpha: number;
  rsLora: boolean;
}

const scaledUpdate: Part = {
  name: 'scaledUpdate',
  signature:
    'function scaledUpdate(x: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D, alpha: number, rsLora: boolean): tf.Tensor2D',
  async cases(random) {
    return [
      await alphaCase(random, { n: 4, d: 7, k: 10, r: 3, alpha: 5, rsLora: false }),
      await alphaCase(random, { n: 3, d: 5, k: 7, r: 4, alpha: 10, rsLora: false }),
      await alphaCase(random, { n: 6, d: 10, k: 7, r: 5, alpha: 12, rsLora: true }),
    ];
  },
  square(random) {
    return alphaCase(random, { n: 5, d: 5, k: 5, r: 2, alpha: 6, rsLora: false });
  },
  anyOrder: anyOrderCase,
};

/** Ranks that an answer may have fixed. None is a simple multiple of the rank of the first case. */
const USUAL_RANKS = [3, 4, 8, 16, 32, 64];

async function alphaCase(random: Random, { n, d, k, r, alpha, rsLora }: Size): Promise<Case> {
  const x = await drawMatrix(random, n, k);
  const A = await drawMatrix(random, r, k);
  const B = await drawMatrix(random, d, r);
  const s = rsLora ? alpha / Math.sqrt(r) : alpha / r;
  const product = times(times(x, transpose(A)), transpose(B)); // [n, d]
  const withScale = (factor: number) => tensor(scale(product, factor));
  return valueCase({
    args: { x: toVariable(x), A: toVariable(A), B: toVariable(B), alpha, rsLora },
    expected: withScale(s),
    suspects: {
      'the scale is missing: multiply by alpha / r': withScale(1),
      'scaled by alpha instead of alpha / r': withScale(alpha),
      'scaled twice: the square of s': withScale(s * s),
      'upside down: r / alpha instead of alpha / r': withScale(1 / s),
      [rsLora
        ? 'rsLoRA divides by √r: yours is alpha / r'
        : 'yours is alpha / √r, the scale of rsLoRA only: here it is alpha / r']: withScale(
        rsLora ? alpha / r : alpha / Math.sqrt(r),
      ),
      'the root is of the wrong part: rsLoRA divides alpha by √r': rsLora
        ? [Math.sqrt(alpha / r), Math.sqrt(alpha) / r].map(withScale)
        : [],
      'alpha is missing: yours is scaled by 1 / r': withScale(1 / r),
      'divided by k instead of r: r is the first axis of A': [k, Math.sqrt(k)].map((by) =>
        withScale(alpha / by),
      ),
      'divided by d instead of r: r is the last axis of B': [d, Math.sqrt(d)].map((by) =>
        withScale(alpha / by),
      ),
      'divided by 2: A.rank is the number of axes, the r of LoRA is A.shape[0]': withScale(
        alpha / (rsLora ? Math.sqrt(2) : 2),
      ),
      'the rank is fixed: divide by A.shape[0], which is another one on each input':
        USUAL_RANKS.filter((one) => one !== r).map((one) =>
          withScale(alpha / (rsLora ? Math.sqrt(one) : one)),
        ),
      'x is missing: that is ΔW = s B A itself': [s, 1].map((factor) =>
        tensor(scale(times(B, A), factor)),
      ),
      'yours is x Aᵀ: B is missing': [s, 1].map((factor) =>
        tensor(scale(times(x, transpose(A)), factor)),
      ),
      'a.reshape(...) is no transpose, it keeps the order of the numbers: use tf.matMul(a, b, false, true)':
        tensor(scale(times(times(x, { ...A, shape: [k, r] }), { ...B, shape: [r, d] }), s)),
    },
  });
}

/** An input on which x, A and B fit in any order. */
async function anyOrderCase(random: Random): Promise<Case> {
  const [n, alpha] = [4, 6];
  const [x, A, B] = [
    await drawMatrix(random, n, n),
    await drawMatrix(random, n, n),
    await drawMatrix(random, n, n),
  ];
  const [At, Bt] = [transpose(A), transpose(B)];
  const s = alpha / n;
  // The order is the first thing to mend, whatever else is wrong.
  const scaled = (...products: Matrix[]) =>
    products.flatMap((one) => [s, 1, alpha].map((factor) => tensor(scale(one, factor))));
  return valueCase({
    args: { x: toVariable(x), A: toVariable(A), B: toVariable(B), alpha, rsLora: false },
    expected: tensor(scale(times(times(x, At), Bt), s)),
    suspects: {
      'x A B without transposing: A and B act on columns, so for the rows of x it is x Aᵀ Bᵀ':
        scaled(times(times(x, A), B)),
      'only one of A and B is transposed: for the rows of x it is x Aᵀ Bᵀ': scaled(
        times(times(x, At), B),
        times(times(x, A), Bt),
      ),
      'x B A: the update B A acts on columns, so for the rows of x it is x (B A)ᵀ = x Aᵀ Bᵀ':
        scaled(times(times(x, B), A)),
      'the order is reversed: A comes first, x Aᵀ Bᵀ': scaled(
        times(times(x, Bt), At),
        times(times(x, Bt), A),
        times(times(x, B), At),
      ),
      'B A x is for a column x: the inputs are rows, so it is x Aᵀ Bᵀ': scaled(
        times(times(B, A), x),
        times(times(A, B), x),
      ),
      'a.mul(b) multiplies entry by entry: the matrix product is tf.matMul(a, b)': scaled(
        timesEntries(timesEntries(x, A), B),
        timesEntries(x, times(B, A)),
        timesEntries(times(x, At), B),
      ),
    },
  });
}

/** Exercise 2: how alpha scales the update. */
export const alpha: Exercise = {
  id: 'alpha',
  title: 'Exercise 2: alpha',
  parts: [scaledUpdate],
  hints: [
    'Two products and one scale. Which of the arguments knows the rank?',
    'r = A.shape[0]. The scale is alpha / r; rsLoRA, made for high ranks, uses alpha / Math.sqrt(r).',
    'The inputs are the rows of x, so B A x for a column becomes x Aᵀ Bᵀ. tf.matMul(x, A, false, true) is x Aᵀ.',
    'Wrap the body: return tf.tidy(() => ...). Otherwise the intermediate product of every call stays in memory.',
  ],
};
