import * as tf from '@tensorflow/tfjs';
import {
  ArgumentError,
  assertOptions,
  assertPositiveIntegers,
  kindOf,
  NonFiniteError,
  type OptionKeys,
  quote,
} from '../../tensor/errors';
import { assertModule, type Module } from '../../tensor/nn';
import { Random } from '../../tensor/runtime';
import { assertMaxNorm, clipByGlobalNorm, globalNorm } from './clip';
import { assertLoss, type Loss } from './counted-loss';
import { lossAndGradients, trainableParameters } from './gradients';
import type { Optimizer } from './optimizer';
import { assertSchedule, constant, type Schedule } from './schedule';

/** Options of `train`. */
export interface TrainOptions<Batch> {
  /** its trainable parameters are updated, nothing else */
  module: Module;
  /**
   * Computes the loss of one batch, a scalar; intermediate tensors are freed. With `accumulate`, a
   * mean over tokens or rows must tell how many: the cross-entropies of this project do, also
   * within a sum of losses; another loss returns `{ loss, count }`.
   */
  loss: Loss<Batch>;
  /**
   * Batches of plain data, enough for all steps: `drawBatches` and `repeat` are endless. A generator
   * is left open, so that a later training can continue with it.
   */
  batches: Iterable<Batch>;
  /** owned by the caller; continues from its state */
  optimizer: Optimizer;
  /** the number of the last step */
  steps: number;
  /** the number of steps already done, to resume from a checkpoint */
  stepsDone?: number;
  /** the factor on the optimiser's learning rate; constant unless given */
  schedule?: Schedule;
  /** the number of batches in one step, which is the step of one batch of all their rows */
  accumulate?: number;
  /** gradients are clipped to this norm; not at all unless given */
  maxGradientNorm?: number;
  /** seed of dropout; a resumed run draws the masks it would have drawn uninterrupted */
  seed?: number;
  /** counts a batch's tokens, for `tokensPerSecond` */
  countTokens?: (batch: Batch) => number;
}

const OPTIONS: OptionKeys<TrainOptions<unknown>> = {
  module: 'required',
  loss: 'required',
  batches: 'required',
  optimizer: 'required',
  steps: 'required',
  stepsDone: 'optional',
  schedule: 'optional',
  accumulate: 'optional',
  maxGradientNorm: 'optional',
  seed: 'optional',
  countTokens: 'optional',
};

/** The report of one step. */
export interface TrainingStep {
  /** the first is 1 */
  step: number;
  /** before the update, the mean over all that counts in the step */
  loss: number;
  /** before clipping */
  gradientNorm: number;
  learningRate: number;
  /** the duration of the step, without the time between steps */
  seconds: number;
  tokensPerSecond?: number;
}

/**
 * Trains a module and yields a report after every step:
 *
 *     for await (const { step, loss } of train({ module, loss, batches, optimizer, steps })) ...
 *
 * Between steps the event loop runs, so a notebook can draw and be interrupted. Weights and
 * optimiser are always those of a whole step, also after a `break`, an interrupt or an error.
 * @throws ArgumentError if an option is unknown or out of range, nothing is trainable, batches end
 *   before the last step (a list that is too short is refused before the first) or nothing counts in
 *   a step, ShapeError if the loss is not a scalar, NonFiniteError if loss or gradient is NaN or
 *   infinite; the weights are then those before that step. ArgumentError from a loop over a training
 *   that has ended, or was interrupted within a step: it would yield nothing
 */
export function train<Batch>(options: TrainOptions<Batch>): AsyncGenerator<TrainingStep, void> {
  const progress: Progress = { step: 0, state: 'goes on' };
  const training = takeSteps(options, progress);
  const iterate = (): AsyncGenerator<TrainingStep, void> => {
    assertGoesOn(progress, options.steps);
    return training;
  };
  return Object.assign(training, { [Symbol.asyncIterator]: iterate });
}

/** How far a training has come. */
interface Progress {
  /** the number of the last step that is done */
  step: number;
  state: 'goes on' | 'was interrupted within a step, or runs in another loop,' | 'has ended';
}

function assertGoesOn({ step, state }: Progress, steps: number): void {
  if (state === 'goes on') return;
  const more = step < steps ? '' : ' and a larger number of steps';
  throw new ArgumentError(
    `train: a training must be iterated only once, got one that ${state} after step ${step} of ${steps}. Call train again; with the same optimizer, stepsDone: ${step}${more} the new one goes on from there.`,
  );
}

async function* takeSteps<Batch>(
  options: TrainOptions<Batch>,
  progress: Progress,
): AsyncGenerator<TrainingStep, void> {
  assertOptions('train', options, OPTIONS);
  assertModule('train', options.module);
  assertLoss('train', options.loss);
  assertSchedule('train', options.schedule);
  const { batches, steps, stepsDone = 0, accumulate = 1, maxGradientNorm, countTokens } = options;
  progress.step = stepsDone;
  try {
    assertPositiveIntegers('train', { steps, accumulate, 'stepsDone + 1': stepsDone + 1 });
    if (maxGradientNorm !== undefined) assertMaxNorm('train', maxGradientNorm);
    const iterator = iteratorOf(batches);
    const wanted = (steps - stepsDone) * accumulate;
    if (Array.isArray(batches) && batches.length < wanted) throw tooFew(options, batches.length);
    for (let step = stepsDone; step < steps; step++) {
      progress.state = 'was interrupted within a step, or runs in another loop,';
      const start = performance.now();
      const group = draw(iterator, accumulate);
      if (group.length < accumulate) {
        throw tooFew(options, (step - stepsDone) * accumulate + group.length);
      }
      const done = await takeStep(options, group, step);
      progress.step = step + 1;
      const seconds = (performance.now() - start) / 1000;
      await new Promise((resolve) => setImmediate(resolve));
      const rate = countTokens && { tokensPerSecond: sumOf(group, countTokens) / seconds };
      progress.state = 'goes on';
      yield { step: step + 1, ...done, seconds, ...rate };
    }
  } finally {
    progress.state = 'has ended';
  }
}

async function takeStep<Batch>(
  options: TrainOptions<Batch>,
  group: Batch[],
  step: number,
): Promise<{ loss: number; gradientNorm: number; learningRate: number }> {
  const { module, optimizer, schedule = constant } = options;
  const parameters = trainableParameters(module);
  const { report, gradients } = inTraining(options, step, () => {
    const mean = lossAndGradients(parameters, options.loss, group);
    const { gradients, norm } = clip(mean.gradients, options.maxGradientNorm);
    return { report: tf.stack([mean.loss, norm]), gradients };
  });
  try {
    // Not `read`, which allows an interrupt: the gradients would then leak.
    const [value = NaN, gradientNorm = NaN] = await report.data<'float32'>();
    assertFinite(step, value, gradientNorm);
    const factor = schedule(step);
    if (!Number.isFinite(factor)) {
      throw new ArgumentError(
        `train: schedule must return a finite factor, got ${kindOf(factor)} at step ${step + 1}.${typeof factor === 'function' ? ' Call it: cosineDecay(steps).' : ''}`,
      );
    }
    optimizer.step(parameters, gradients, factor);
    return { loss: value, gradientNorm, learningRate: optimizer.learningRate * factor };
  } finally {
    tf.dispose([report, gradients]);
  }
}

/** Seeds are 2²⁴ apart, so no two steps share a random stream. */
const STEPS = 2 ** 24;

function inTraining<Batch, T extends tf.TensorContainer>(
  { module, seed = 0 }: TrainOptions<Batch>,
  step: number,
  compute: () => T,
): T {
  module.setTraining(new Random(seed * STEPS + step));
  try {
    return tf.tidy(compute);
  } finally {
    module.setTraining(null);
  }
}

function clip(gradients: tf.NamedTensorMap, maxNorm: number | undefined) {
  return maxNorm === undefined
    ? { gradients, norm: globalNorm(gradients) }
    : clipByGlobalNorm(gradients, maxNorm);
}

function assertFinite(step: number, loss: number, gradientNorm: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw new NonFiniteError(
    `train: loss and gradient must be finite, got loss ${loss} and gradient norm ${gradientNorm} in step ${step + 1}. Lower the learning rate, or clip the gradients.`,
  );
}

function iteratorOf<Batch>(batches: Iterable<Batch>): Iterator<Batch> {
  const given = batches as Iterable<Batch> | undefined;
  if (typeof given?.[Symbol.iterator] === 'function') return given[Symbol.iterator]();
  throw new ArgumentError(
    `train: batches must be an array, a generator or another iterable, got ${quote(given)}. It may not be async.`,
  );
}

/** The error of batches that end before the last step. */
function tooFew<Batch>(options: TrainOptions<Batch>, given: number): ArgumentError {
  const { batches, steps, stepsDone = 0, accumulate = 1 } = options;
  const count = steps - stepsDone;
  const advice =
    given === 0 && !Array.isArray(batches)
      ? 'A generator that was taken apart (const [first] = ...) or whose loop was left is closed: make a new one.'
      : 'Train fewer steps, or repeat a list: repeat(batches).';
  return new ArgumentError(
    `train: batches must be ${count * accumulate} for ${count} steps${accumulate === 1 ? '' : ` of ${accumulate} each`}, got ${given}. ${advice}`,
  );
}

/** Takes the next items, fewer if the iterator ends. */
function draw<T>(iterator: Iterator<T>, count: number): T[] {
  const items: T[] = [];
  while (items.length < count) {
    const next = iterator.next();
    if (next.done) break;
    items.push(next.value);
  }
  return items;
}

function sumOf<T>(items: T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}
