import { testExercise } from '../../../tests/course/test-exercise';
import { meanInterval } from '../../train';
import { mean, standardDeviation } from '../measure';
import { bestCheckpoint } from './best-checkpoint';
import * as solution from './best-checkpoint.solution';

const lowest = (values: number[]) => values.indexOf(Math.min(...values));
const bestOf = (losses: number[][]) => lowest(losses.map(mean));
const minus = (own: number[], best: number[]) => own.map((loss, row) => loss - (best[row] ?? NaN));
const errorOf = (values: number[]) => standardDeviation(values) / Math.sqrt(values.length);
/** The mean of the squared deviations, over n. */
const variance = (values: number[]) => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};
const answer = (of: (losses: number[][]) => unknown) => ({ chooseCheckpoint: of });
/** The earliest within another bound, by the losses of a checkpoint and of the best one. */
const bounded = (bound: (own: number[], best: number[]) => number) =>
  answer((losses) => {
    const best = losses[bestOf(losses)] ?? [];
    return losses.findIndex((own) => mean(own) - mean(best) <= bound(own, best));
  });
/** Whether a checkpoint is within the right bound. */
const isGood = (own: number[] | undefined, losses: number[][]) => {
  const differences = minus(own ?? [], losses[bestOf(losses)] ?? []);
  return mean(differences) <= errorOf(differences);
};

testExercise(bestCheckpoint, solution, {
  'that is the lowest mean: an earlier one': answer(bestOf),
  'that is the last one': answer((losses) => losses.length - 1),
  'that is the latest within the bound': answer((losses) =>
    losses.map((own) => isGood(own, losses)).lastIndexOf(true),
  ),
  'the error is not paired': bounded((_, best) => errorOf(best)),
  'the error is not paired: take': bounded((own) => errorOf(own)),
  'the error is not paired: take the differences': bounded((own, best) =>
    Math.hypot(errorOf(own), errorOf(best)),
  ),
  'the bound is far too wide': bounded((_, best) => standardDeviation(best)),
  'the bound is far too wide: pair': bounded((_, best) => 1.96 * errorOf(best)),
  'the bound is far too wide: pair the rows': bounded((_, best) => meanInterval(best).margin),
  'that is the standard deviation': bounded((own, best) => standardDeviation(minus(own, best))),
  'that is two standard errors': bounded((own, best) => 2 * errorOf(minus(own, best))),
  'or a 95 % interval': bounded((own, best) =>
    own === best ? 0 : meanInterval(minus(own, best)).margin,
  ),
  'divided by √(n - 1)': bounded(
    (own, best) => standardDeviation(minus(own, best)) / Math.sqrt(own.length - 1),
  ),
  'the deviation is divided by n': bounded((own, best) =>
    Math.sqrt(variance(minus(own, best)) / own.length),
  ),
  'divided by n: the standard error': bounded(
    (own, best) => standardDeviation(minus(own, best)) / own.length,
  ),
  'counted from 1': answer((losses) => solution.chooseCheckpoint(losses) + 1),
  'that is the highest mean': answer((losses) => lowest(losses.map((own) => -mean(own)))),
  'that is where the loss first rises': answer((losses) => {
    const means = losses.map(mean);
    return means.findIndex((one, k) => one < (means[k + 1] ?? Infinity));
  }),
  'gone back from the best': answer((losses) => {
    let k = bestOf(losses);
    while (k > 0 && isGood(losses[k - 1], losses)) k--;
    return k;
  }),
  'that is the lowest single loss': answer((losses) =>
    lowest(losses.map((own) => Math.min(...own))),
  ),
  'that is the first one: take the loss': answer((losses) => {
    const best = losses[bestOf(losses)] ?? [];
    return losses.findIndex((own) => mean(minus(best, own)) <= errorOf(minus(best, own)));
  }),
  'no checkpoint is chosen': answer((losses) => {
    const best = losses[bestOf(losses)] ?? [];
    return losses.findIndex((own) => mean(minus(own, best)) < errorOf(minus(own, best)));
  }),
  'that is a loss': answer((losses) => Math.min(...losses.map(mean))),
  'that is the number of checkpoints': answer((losses) => losses.length),
  'losses was changed in place': answer((losses) => {
    const chosen = solution.chooseCheckpoint(losses);
    losses.sort((a, b) => mean(a) - mean(b));
    return chosen;
  }),
});
