import type { Random } from '../../tensor/runtime';
import { mean } from '../measure';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  type Matrix,
  type Part,
  type Suspects,
  tensor,
  toVariable,
  valueCase,
} from '../judge';

interface Size {
  n: number;
  width: number;
  /** large, so that its place in the formula can be told */
  epsilon: number;
}

const SIZES: Size[] = [
  { n: 4, width: 7, epsilon: 0.5 },
  { n: 3, width: 10, epsilon: 0.1 },
  { n: 5, width: 6, epsilon: 0.02 },
];

const rmsNormPart: Part = {
  name: 'rmsNorm',
  signature: 'function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D',
  cases: (random) => inTurn(SIZES, (size) => normCase(random, size, normSuspects)),
  anyOrder: (random) => normCase(random, { n: 5, width: 5, epsilon: 0.3 }, lostAxis),
};

type Norm = (row: number[], i: number) => number[];

/** The norm of each row, times the weight. */
function normalize(x: Matrix, weight: number[], norm: Norm): Matrix {
  return weigh(x, norm, (value, j) => value * (weight[j] ?? NaN));
}

/** Norms each row, then combines each entry with the weight of its column. */
function weigh(x: Matrix, norm: Norm, by: (value: number, column: number) => number): Matrix {
  const [n, width] = x.shape;
  const rows = Array.from({ length: n }, (_, i) => x.values.slice(i * width, (i + 1) * width));
  return { shape: x.shape, values: rows.flatMap((row, i) => norm(row, i).map(by)) };
}

const meanSquare = (row: number[]) => mean(row.map((value) => value * value));
const over = (row: number[], divisor: number) => row.map((value) => value / divisor);

async function normCase(
  random: Random,
  { n, width, epsilon }: Size,
  suspectsOf: (x: Matrix, weight: number[], epsilon: number) => Suspects,
): Promise<Case> {
  const x = await drawMatrix(random, n, width);
  const { values: weight } = await drawMatrix(random, 1, width);
  const right = normalize(x, weight, (row) => over(row, Math.sqrt(meanSquare(row) + epsilon)));
  return valueCase({
    args: { x: toVariable(x), weight: toVariable({ shape: [width], values: weight }), epsilon },
    expected: tensor(right),
    suspects: suspectsOf(x, weight, epsilon),
  });
}

function normSuspects(x: Matrix, weight: number[], epsilon: number): Suspects {
  return { ...divisorSuspects(x, weight, epsilon), ...weightSuspects(x, weight, epsilon) };
}

/** Rows that are divided by another number. */
function divisorSuspects(x: Matrix, weight: number[], epsilon: number): Suspects {
  const withNorm = (norm: Norm) => tensor(normalize(x, weight, norm));
  const by = (divisor: (row: number[]) => number) => withNorm((row) => over(row, divisor(row)));
  const root = (row: number[]) => Math.sqrt(meanSquare(row) + epsilon);
  const centred = (row: number[]) => row.map((value) => value - mean(row));
  const variance = (row: number[]) => meanSquare(centred(row));
  return {
    'the square root is missing: divide by √(mean(x²) + ε)': by((row) => meanSquare(row) + epsilon),
    'the mean is subtracted: that is LayerNorm, RMSNorm leaves it': [
      withNorm((row) => over(centred(row), Math.sqrt(variance(row) + epsilon))),
      withNorm((row) => over(centred(row), root(row))),
    ],
    'divided by the deviation from the mean: RMSNorm takes the mean of x² itself': by((row) =>
      Math.sqrt(variance(row) + epsilon),
    ),
    'the squares are summed: it is their mean': by((row) =>
      Math.sqrt(row.length * meanSquare(row) + epsilon),
    ),
    'ε is missing: it is added to mean(x²)': by((row) => Math.sqrt(meanSquare(row))),
    'ε is added to the root: it belongs under it': by(
      (row) => Math.sqrt(meanSquare(row)) + epsilon,
    ),
    'multiplied by the root: x is divided by it': withNorm((row) =>
      row.map((value) => value * root(row)),
    ),
    'the mean of |x|: it is the mean of x²': [epsilon, 0].map((e) =>
      by((row) => mean(row.map(Math.abs)) + e),
    ),
    'the square of the mean: it is the mean of the squares': by((row) =>
      Math.sqrt(mean(row) ** 2 + epsilon),
    ),
    'one mean for the whole batch: each row has its own, mean(-1, true)': withNorm((row) =>
      over(row, Math.sqrt(meanSquare(x.values) + epsilon)),
    ),
    'the mean over the rows: it goes along each row, mean(-1, true)': withNorm((row) =>
      row.map((value, j) => value / Math.sqrt(meanSquare(columnOf(x, j)) + epsilon)),
    ),
    'the weight comes first: x is normed, then weighed': withNorm((row) => {
      const first = row.map((value, j) => value * (weight[j] ?? NaN));
      return over(row, root(first));
    }),
    'divided by width - 1: it is the mean, over width': by((row) =>
      Math.sqrt((row.length * meanSquare(row)) / (row.length - 1) + epsilon),
    ),
  };
}

/** Rows that are normed as they must be, and weighed in another way. */
function weightSuspects(x: Matrix, weight: number[], epsilon: number): Suspects {
  const root = (row: number[]) => Math.sqrt(meanSquare(row) + epsilon);
  const entry = (i: number) => weight[i] ?? NaN;
  const weighed = (of: (value: number, w: number) => number) =>
    tensor(
      weigh(
        x,
        (row) => over(row, root(row)),
        (value, j) => of(value, entry(j)),
      ),
    );
  const roots = rootsOf(x, root);
  const column = (values: number[]) => tensor({ shape: [x.shape[0], 1], values });
  return {
    'the weight is missing': weighed((value) => value),
    'the weight is added: each entry is multiplied by its own': weighed((value, w) => value + w),
    'divided by the weight: it multiplies': weighed((value, w) => value / w),
    "multiplied by 1 + weight: only Gemma's files hold γ - 1": weighed(
      (value, w) => value * (1 + w),
    ),
    'x is missing: that is 1 / √(mean(x²) + ε)': [
      tensor(normalize(x, weight, (row) => row.map(() => 1 / root(row)))),
      column(roots.map((one) => 1 / one)),
    ],
    'that is the root alone: divide x by it': column(roots),
  };
}

function columnOf({ shape: [n, width], values }: Matrix, j: number): number[] {
  return Array.from({ length: n }, (_, i) => values[i * width + j] ?? NaN);
}

function rootsOf({ shape: [n, width], values }: Matrix, root: (row: number[]) => number): number[] {
  return Array.from({ length: n }, (_, i) => root(values.slice(i * width, (i + 1) * width)));
}

/** On as many rows as columns, a mean without its axis divides columns. */
function lostAxis(x: Matrix, weight: number[], epsilon: number): Suspects {
  const roots = rootsOf(x, (row) => Math.sqrt(meanSquare(row) + epsilon));
  const norm: Norm = (row) => row.map((value, j) => value / (roots[j] ?? NaN));
  return {
    'mean(-1) drops the axis, and the roots of the rows divide columns: mean(-1, true) keeps it':
      tensor(normalize(x, weight, norm)),
  };
}

/** Exercise 1: the norm of today's models. */
export const rmsNorm: Exercise = {
  id: 'rms-norm',
  title: 'Exercise 1: RMSNorm',
  parts: [rmsNormPart],
  hints: [
    'Each row of x is divided by one number, the root of the mean of its squares. Which tensor method averages along the last axis?',
    'x.square().mean(-1, true) is [n, 1]: true keeps the axis, so that each row is divided by its own.',
    'Add epsilon under the root: .add(epsilon).sqrt(). Then x.div(...), and .mul(weight) weighs the columns.',
    'return tf.tidy(() => x.div(x.square().mean(-1, true).add(epsilon).sqrt()).mul(weight));',
  ],
};
