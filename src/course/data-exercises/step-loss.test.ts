import * as tf from '@tensorflow/tfjs';
import { testExercise, testLeaks } from '../../../tests/course/test-exercise';
import { stepLoss } from './step-loss';
import * as solution from './step-loss.solution';

type Batch = Parameters<typeof solution.stepLoss>[0][number];

/** Answers in tf.tidy. */
const answer = (of: (batches: Batch[]) => unknown) => ({
  stepLoss: (batches: Batch[]) => tf.tidy(() => of(batches) as tf.Tensor),
});
const all = (batches: Batch[], of: (batch: Batch) => tf.Tensor) =>
  tf.stack(batches.map((batch) => of(batch).sum())).sum();
const learned = ({ losses, mask }: Batch) => losses.mul(mask);
const losses = (batch: Batch) => batch.losses;
const mask = (batch: Batch) => batch.mask;
const ones = (batch: Batch) => tf.onesLike(batch.losses);
const others = (batch: Batch) => tf.sub(1, batch.mask);
const over = (above: (batch: Batch) => tf.Tensor, below: (batch: Batch) => tf.Tensor) =>
  answer((batches) => all(batches, above).div(all(batches, below)));
const divided = (by: (batches: Batch[]) => number | tf.Tensor) =>
  answer((batches) => all(batches, learned).div(by(batches)));
const mean = (batch: Batch) => learned(batch).sum().div(batch.mask.sum());
const means = (of: (batch: Batch) => tf.Tensor) =>
  answer((batches) => tf.stack(batches.map(of)).mean());
const rowMeans = (batch: Batch) => learned(batch).sum(1).div(batch.mask.sum(1));
const weighted = (weight: (batch: Batch) => number) =>
  answer((batches) =>
    all(batches, (batch) => mean(batch).mul(weight(batch))).div(
      batches.reduce((sum, batch) => sum + weight(batch), 0),
    ),
  );
const last = (batches: Batch[]) => batches.slice(-1);
const first = (batches: Batch[]) => batches.slice(0, 1);

testExercise(stepLoss, solution, {
  "the mean of the batches' means: it is": means(mean),
  "the mean of the rows' means": answer((batches) => tf.concat(batches.map(rowMeans)).mean()),
  "the mean of the rows' means: it is": means((batch) => rowMeans(batch).mean()),
  "the batches' means are weighted by all their tokens": weighted((batch) => batch.losses.size),
  "the batches' means are weighted by their rows": weighted((batch) => batch.losses.shape[0]),
  "the batches' means are added up": answer((batches) => all(batches, mean)),
  'only the last batch is taken': { stepLoss: (batches) => solution.stepLoss(last(batches)) },
  'only the first batch is taken': { stepLoss: (batches) => solution.stepLoss(first(batches)) },
  'the mask is missing: only tokens': over(losses, ones),
  'the mask is missing in the sum': over(losses, mask),
  'divided by all tokens': over(learned, ones),
  'the mask is upside down': over((batch) => batch.losses.mul(others(batch)), others),
  'upside down: the sum of the losses': over(mask, learned),
  'not divided': answer((batches) => all(batches, learned)),
  'not divided: divide': answer((batches) => all(batches, losses)),
  'divided by the number of batches': divided((batches) => batches.length),
  'divided by the number of rows': divided((batches) =>
    batches.reduce((sum, batch) => sum + batch.losses.shape[0], 0),
  ),
  'divided by the count of the last batch': divided((batches) => all(last(batches), mask)),
  'divided by the count of the first batch': divided((batches) => all(first(batches), mask)),
  'tf.mean counts every token': means((batch) => learned(batch).mean()),
  "the mean of the batches' means, without the mask": means((batch) => batch.losses.mean()),
  'a number where a tensor is asked for': { stepLoss: () => 1.5 },
  'the shape is [1], it must be []': answer((batches) => solution.stepLoss(batches).reshape([1])),
  'losses 0 was disposed: it belongs to the caller': {
    stepLoss: (batches) => {
      const mean = solution.stepLoss(batches);
      batches[0]?.losses.dispose();
      return mean;
    },
  },
});

testLeaks(stepLoss, solution, {
  '8 tensors stay in memory per call of stepLoss': {
    stepLoss: (batches) => {
      const sums = batches.map((batch) => tf.tidy(() => learned(batch).sum()));
      const counts = batches.map(({ mask }) => mask.sum());
      return tf.tidy(() => tf.stack(sums).sum().div(tf.stack(counts).sum()));
    },
  },
});
