import type { LanguageModel } from '../../model/transformer';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import { completionLogProbabilities, type Example, studentQuantile } from '../data';
import { inBatches } from './in-batches';

/** The mean loss over tokens, and its 95 % interval over rows. */
export interface ValidationLoss {
  /** in nats per token that is learned */
  loss: number;
  /** the interval is loss ± margin; NaN for one row */
  margin: number;
}

/**
 * Computes the loss of examples as a training step does, a mean over all their labels, and how far
 * off it may be as an estimate for all such rows: rows are the sample, so the variance is that of a
 * ratio of sums (Cochran 1977, section 2.11), and the quantile Student's.
 * @throws ArgumentError if there is no example, NonFiniteError if the loss is NaN or infinite
 */
export async function validationLoss(
  model: LanguageModel,
  examples: readonly Example[],
): Promise<ValidationLoss> {
  if (examples.length === 0) {
    throw new ArgumentError('validationLoss: examples must be one or more, got none.');
  }
  const sums: { loss: number; count: number }[] = [];
  for (const batch of inBatches(examples, ({ ids }) => ids.length)) {
    for (const logs of await completionLogProbabilities(model, batch)) {
      sums.push({ loss: logs.reduce((sum, log) => sum - log, 0), count: logs.length });
    }
  }
  const total = sums.reduce((all, { loss, count }) => [all[0] + loss, all[1] + count] as const, [
    0, 0,
  ] as readonly [number, number]);
  const [n, loss, perRow] = [sums.length, total[0] / total[1], total[1] / sums.length];
  if (!Number.isFinite(loss)) {
    throw new NonFiniteError(
      `validationLoss: the loss must be finite, got ${loss}. Lower the learning rate.`,
    );
  }
  const squares = sums.reduce((sum, row) => sum + (row.loss - loss * row.count) ** 2, 0);
  const error = Math.sqrt(squares / (n - 1) / n) / perRow;
  return { loss, margin: n > 1 ? studentQuantile(n - 1) * error : NaN };
}
