import type { Random } from '../../tensor/runtime';
import { mean, standardDeviation } from '../measure';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  number,
  type Part,
  type Suspects,
  valueCase,
} from '../judge';

/** Validation rows, and more checkpoints at the start of the curve. */
interface Size {
  rows: number;
  early: number;
}

const SIZES: Size[] = [
  { rows: 10, early: 2 },
  { rows: 12, early: 0 },
  { rows: 9, early: 3 },
];

const choosePart: Part = {
  name: 'chooseCheckpoint',
  signature: 'function chooseCheckpoint(losses: number[][]): number',
  async cases(random) {
    return [
      ...(await inTurn(SIZES, (size) => noisyCase(random, size))),
      await steepCase(random, 8),
    ];
  },
};

/** A checkpoint of the curve, and the mistake that chooses it. */
interface Checkpoint {
  /** how much worse it is than the best one, in standard errors of their differences */
  errors: number;
  mistake?: string;
  /** the easiest row alone is better than in any other checkpoint */
  isByHeart?: boolean;
}

/** Losses of a row differ more from row to row than from checkpoint to checkpoint. */
const [MIDDLE, OF_ROWS, OF_CHECKPOINTS, BY_HEART] = [2.5, 0.6, 0.06, 0.2];

/** A curve on which each mistake chooses another checkpoint. */
function noisyCurve({ rows: n, early }: Size): Checkpoint[] {
  const narrow = Math.sqrt((n - 1) / n); // of the deviation with n, in those with n - 1
  return [
    { errors: 50, mistake: 'that is the first one: take the loss of a checkpoint minus the best' },
    ...Array.from({ length: early }, (_, i) => ({ errors: 47 - 3 * i })),
    {
      errors: 19,
      mistake: 'the bound is far too wide: pair the rows, and take one standard error',
    },
    { errors: 16.5, mistake: 'that is where the loss first rises: noise makes it rise, too' },
    { errors: 17.5 },
    { errors: 6, mistake: 'the error is not paired: take the differences row by row' },
    {
      errors: 0.85 * Math.sqrt(n),
      mistake: 'that is the standard deviation: its error is that over √n',
    },
    { errors: 1.5, mistake: 'that is two standard errors, or a 95 % interval: it is one' },
    { errors: (1 + 1 / narrow) / 2, mistake: 'divided by √(n - 1): it is √n' },
    { errors: (1 + narrow) / 2 }, // the right one
    { errors: 1.2, mistake: 'counted from 1: the first checkpoint is 0' },
    { errors: 0.7, mistake: 'the deviation is divided by n: of a sample, it is n - 1' },
    { errors: 1.3 },
    { errors: 0.6, mistake: 'gone back from the best until one is worse: look at all before it' },
    { errors: 0.15, mistake: 'divided by n: the standard error is the deviation over √n' },
    { errors: 0, mistake: 'that is the lowest mean: an earlier one is as good, within the noise' },
    { errors: 0.8, mistake: 'that is the latest within the bound: take the earliest' },
    { errors: 1.5, isByHeart: true, mistake: 'that is the lowest single loss: compare means' },
    { errors: 60, mistake: 'that is the highest mean: look for the lowest' },
    { errors: 22, mistake: 'that is the last one: by then it may be worse' },
  ];
}

async function noisyCase(random: Random, size: Size): Promise<Case> {
  const curve = noisyCurve(size);
  const losses = await drawLosses(random, size.rows, curve);
  const suspects = curve.flatMap(({ mistake }, i) => (mistake ? [[mistake, number(i)]] : []));
  return curveCase(losses, Object.fromEntries(suspects) as Suspects);
}

/** A curve whose best checkpoint no other comes near. */
async function steepCase(random: Random, rows: number): Promise<Case> {
  const curve = [30, 12, 5, 0, 3].map((errors) => ({ errors }));
  return curveCase(await drawLosses(random, rows, curve), {
    'no checkpoint is chosen: the best one is within the bound itself, 0 <= 0': [
      number(-1),
      number(curve.length),
    ],
  });
}

function curveCase(losses: number[][], suspects: Suspects): Case {
  const means = losses.map(mean);
  const lowest = Math.min(...means);
  const best = losses[means.indexOf(lowest)] ?? [];
  const right = losses.findIndex((own) => {
    const differences = own.map((loss, row) => loss - (best[row] ?? NaN));
    return mean(differences) <= standardDeviation(differences) / Math.sqrt(own.length);
  });
  return valueCase({
    args: { losses: losses.map((row) => [...row]) },
    expected: number(right),
    suspects: {
      ...suspects,
      'that is a loss: return the index of the checkpoint': [
        number(lowest),
        number(means[right] ?? NaN),
      ],
      'that is the number of checkpoints': number(losses.length),
    },
  });
}

/** Draws the loss of each row at each checkpoint of a curve. */
async function drawLosses(random: Random, rows: number, curve: Checkpoint[]): Promise<number[][]> {
  const base = (await drawScores(random, rows)).map((score) => MIDDLE + OF_ROWS * score);
  const easiest = base.indexOf(Math.min(...base));
  const byHeart = standardised(base.map((_, row) => (row === easiest ? -1 : 0)));
  const losses: number[][] = [];
  for (const { errors, isByHeart } of curve) {
    const noise = await drawScores(random, rows);
    const deviation = isByHeart ? BY_HEART : OF_CHECKPOINTS;
    const scores = isByHeart ? byHeart : noise;
    const worse = errors / Math.sqrt(rows);
    losses.push(
      base.map((loss, row) =>
        errors === 0 ? loss : loss + deviation * (worse + (scores[row] ?? NaN)),
      ),
    );
  }
  return losses;
}

/** Draws numbers with mean 0 and standard deviation 1. */
async function drawScores(random: Random, count: number): Promise<number[]> {
  return standardised((await drawMatrix(random, 1, count)).values);
}

function standardised(values: number[]): number[] {
  const [middle, deviation] = [mean(values), standardDeviation(values)];
  return values.map((value) => (value - middle) / deviation);
}

/** Exercise 4: which checkpoint to keep. */
export const bestCheckpoint: Exercise = {
  id: 'best-checkpoint',
  title: 'Exercise 4: the best checkpoint of a noisy curve',
  parts: [choosePart],
  hints: [
    'losses[k] are the losses of all rows at checkpoint k. First find the checkpoint with the lowest mean; then go through all from the first on, and stop at one that is not worse than it, within the noise.',
    'Some rows are hard and some easy at every checkpoint. That is no noise of the comparison: subtract row by row, the loss at checkpoint k minus that at the best one, and look at these n differences alone.',
    'Their standard error is standardDeviation(differences) / Math.sqrt(n), with n - 1 inside the deviation. Checkpoint k is as good if mean(differences) is at most that.',
    'losses.findIndex((own) => ...) gives the first index for which the body is true: const differences = own.map((loss, row) => loss - best[row]); return mean(differences) <= standardDeviation(differences) / Math.sqrt(own.length). For the best itself it is 0 <= 0.',
  ],
};
