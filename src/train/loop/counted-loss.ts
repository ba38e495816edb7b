import * as tf from '@tensorflow/tfjs';
import { ArgumentError, assertFunction, quote, ShapeError } from '../../tensor/errors';
import { collectCounts } from './counts';

/** A loss that tells how much it counts. */
export interface CountedLoss {
  /** a mean, a scalar */
  loss: tf.Tensor;
  /** the number of tokens, or rows, that it is the mean of */
  count: number;
}

/** Computes the loss of one batch, a scalar, or a loss with its count. */
export type Loss<Batch> = (batch: Batch) => tf.Tensor | CountedLoss;

/** @throws ArgumentError, in the caller's name, if a loss is no function */
export function assertLoss(caller: string, loss: unknown): void {
  assertFunction(caller, { loss }, '(batch) => completionLoss(model, batch)');
}

/**
 * Computes the loss of a batch, and how much each of its parts counts; no counts if that is unknown.
 * @throws ShapeError if it is no scalar, ArgumentError if it is no tensor or the count is no number
 */
export function countedLoss<Batch>(
  loss: Loss<Batch>,
  batch: Batch,
): { loss: tf.Scalar; counts: number[] } {
  const { result, counts } = collectCounts(() => loss(batch));
  if (result instanceof tf.Tensor) return { loss: scalarOf(result), counts };
  const { loss: value, count } = (result ?? {}) as Partial<CountedLoss>;
  if (!(value instanceof tf.Tensor)) {
    const given = result instanceof Promise ? 'a promise' : quote(result);
    throw new ArgumentError(
      `train: loss must return a scalar tensor, or { loss, count } with one, got ${given}. It may not be async.`,
    );
  }
  if (typeof count !== 'number' || !Number.isFinite(count) || count < 0) {
    throw new ArgumentError(
      `train: the count of a loss must be a finite number of at least 0, got ${quote(count)}.`,
    );
  }
  return { loss: scalarOf(value), counts: [count] };
}

function scalarOf(loss: tf.Tensor): tf.Scalar {
  if (loss.rank === 0) return loss as tf.Scalar;
  throw new ShapeError(`train: loss must return a scalar, got shape [${loss.shape.join(', ')}].`);
}
