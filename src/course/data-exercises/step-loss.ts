import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../../tensor/runtime';
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

/** Tokens in a row, and how many of them are learned in each. */
interface Size {
  time: number;
  learned: number[];
}

/** Steps of uneven batches: no two counts that an answer may divide by are equal. */
const STEPS: Size[][] = [
  [
    { time: 6, learned: [5, 2] },
    { time: 5, learned: [1, 4, 2, 4] },
    { time: 9, learned: [2, 1, 3] },
  ],
  [
    { time: 4, learned: [3, 1, 2] },
    { time: 8, learned: [5] },
  ],
  [
    { time: 3, learned: [1, 2] },
    { time: 7, learned: [6] },
    { time: 5, learned: [2, 2, 3, 4] },
    { time: 6, learned: [4, 1] },
  ],
];

const stepPart: Part = {
  name: 'stepLoss',
  signature: 'function stepLoss(batches: { losses: tf.Tensor2D; mask: tf.Tensor2D }[]): tf.Scalar',
  cases: (random) => inTurn(STEPS, (sizes) => stepCase(random, sizes)),
};

interface Batch {
  losses: Matrix;
  mask: Matrix;
}

async function stepCase(random: Random, sizes: Size[]): Promise<Case> {
  const batches: Batch[] = [];
  for (const size of sizes) batches.push(await drawBatch(random, size));
  const tensors = batches.flatMap(({ losses, mask }, i) => [
    [`losses ${i}`, toVariable(losses)],
    [`mask ${i}`, toVariable(mask)],
  ]);
  const groups = batches.map(rowsOf);
  const rows = groups.flat();
  const flat = valueCase({
    args: Object.fromEntries(tensors) as Record<string, tf.Variable>,
    expected: tensor({ shape: [], values: [mean(rows)] }),
    suspects: { ...meanSuspects(groups), ...maskSuspects(rows), ...countSuspects(groups) },
  });
  return {
    input: flat.input,
    examine: (answer) => flat.examine((...given) => answer(inPairs(given))),
  };
}

/** A row has a prompt, then what is learned; each second row ends with padding. */
async function drawBatch(random: Random, { time, learned }: Size): Promise<Batch> {
  const drawn = await drawMatrix(random, learned.length, time);
  const mask = learned.flatMap((count, row) => {
    const start = Math.max(0, time - count - (row % 2));
    return Array.from({ length: time }, (_, t) => (t >= start && t < start + count ? 1 : 0));
  });
  return {
    losses: { ...drawn, values: drawn.values.map((value) => 0.1 + Math.abs(value)) },
    mask: { shape: drawn.shape, values: mask },
  };
}

function inPairs(tensors: unknown[]): { losses: unknown; mask: unknown }[] {
  return Array.from({ length: tensors.length / 2 }, (_, i) => ({
    losses: tensors[2 * i],
    mask: tensors[2 * i + 1],
  }));
}

/** The tokens of one row: their losses, and 1 for those that are learned. */
type Row = [loss: number, mask: number][];

function rowsOf({ losses, mask }: Batch): Row[] {
  const [rows, time] = losses.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: time }, (__, t) => {
      const [loss = NaN, one = NaN] = [losses, mask].map(({ values }) => values[row * time + t]);
      return [loss, one];
    }),
  );
}

type Of = (loss: number, mask: number) => number;
const learnedLoss: Of = (loss, mask) => loss * mask;
const count: Of = (_, mask) => mask;
const everyLoss: Of = (loss) => loss;
const everyToken: Of = () => 1;

/** Adds up over the tokens of some rows. */
function total(rows: Row[], of: Of): number {
  return rows.flat().reduce((sum, [loss, mask]) => sum + of(loss, mask), 0);
}

function mean(rows: Row[]): number {
  return total(rows, learnedLoss) / total(rows, count);
}

/** The mean of numbers, weighted. */
function average(values: number[], weights = values.map(() => 1)): number {
  const sum = values.reduce((all, value, i) => all + value * (weights[i] ?? NaN), 0);
  return sum / weights.reduce((all, weight) => all + weight, 0);
}

const scalar = (value: number) => tensor({ shape: [], values: [value] });

/** Means of means. */
function meanSuspects(groups: Row[][]): Suspects {
  const [means, sizes] = [groups.map(mean), groups.map((rows) => total(rows, everyToken))];
  const rowMeans = groups.map((rows) => rows.map((row) => mean([row])));
  const rows = groups.map(({ length }) => length);
  return {
    "the mean of the batches' means: it is that of all learned tokens": scalar(average(means)),
    "the mean of the rows' means: it is that of all learned tokens": [
      scalar(average(rowMeans.flat())),
      scalar(average(rowMeans.map((one) => average(one)))),
    ],
    "the batches' means are weighted by all their tokens: by the learned ones": scalar(
      average(means, sizes),
    ),
    "the batches' means are weighted by their rows: by the learned tokens": scalar(
      average(means, rows),
    ),
    "the batches' means are added up: add up sums and counts": scalar(
      average(means) * means.length,
    ),
    'only the last batch is taken: a step has several': scalar(means.at(-1) ?? NaN),
    'only the first batch is taken: a step has several': scalar(means[0] ?? NaN),
  };
}

/** The mask is left out, or used in another way. */
function maskSuspects(rows: Row[]): Suspects {
  const [right, all] = [total(rows, learnedLoss), total(rows, everyLoss)];
  const [learned, tokens] = [total(rows, count), total(rows, everyToken)];
  return {
    'the mask is missing: only tokens with mask 1 count': scalar(all / tokens),
    'the mask is missing in the sum: multiply the losses by it': scalar(all / learned),
    'divided by all tokens: divide by those that are learned': scalar(right / tokens),
    'the mask is upside down: 1 is where a token is learned': scalar(
      (all - right) / (tokens - learned),
    ),
    'upside down: the sum of the losses is divided by the count': scalar(learned / right),
    'not divided: divide by the number of learned tokens': [scalar(right), scalar(all)],
  };
}

/** The sum is divided by another count, or each batch's is. */
function countSuspects(groups: Row[][]): Suspects {
  const sum = total(groups.flat(), learnedLoss);
  const over = (divisor = NaN) => scalar(sum / divisor);
  const counts = groups.map((rows) => total(rows, count));
  const meansOf = (of: Of) => groups.map((rows) => total(rows, of) / total(rows, everyToken));
  return {
    'divided by the number of batches: divide by that of learned tokens': over(groups.length),
    'divided by the number of rows: divide by that of learned tokens': over(groups.flat().length),
    'divided by the count of the last batch: add up those of all': over(counts.at(-1)),
    'divided by the count of the first batch: add up those of all': over(counts[0]),
    'tf.mean counts every token: divide by mask.sum()': scalar(average(meansOf(learnedLoss))),
    "the mean of the batches' means, without the mask": scalar(average(meansOf(everyLoss))),
  };
}

/** Exercise 2: the mean of a step. */
export const stepLoss: Exercise = {
  id: 'step-loss',
  title: 'Exercise 2: the mean of a step',
  parts: [stepPart],
  hints: [
    'Every learned token of the step weighs the same, whichever batch it is in. So one division, at the end: what is divided by what?',
    'losses.mul(mask).sum() adds up the losses of the learned tokens of a batch, and mask.sum() counts them.',
    'Take both of each batch: batches.map(({ mask }) => mask.sum()) is a list of scalars, and tf.stack(list).sum() adds them up.',
    'return tf.tidy(() => tf.stack(sums).sum().div(tf.stack(counts).sum())), with the lists sums and counts made inside, too.',
  ],
};
