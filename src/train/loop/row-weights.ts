import { ArgumentError, ShapeError } from '../../tensor/errors';
import { noteCount } from './counts';

/** Label of a position that does not count: prompt or padding. */
export const IGNORED = -1;

/** PyTorch's and Hugging Face's label of such a position. */
const IGNORED_BY_PYTORCH = -100;

/** Whether a label says that its position does not count: -1 or -100. */
export function isIgnored(label: number): boolean {
  return label === IGNORED || label === IGNORED_BY_PYTORCH;
}

/**
 * Computes the weight of each row of the logits [n, v] in the mean loss: wᵢ / Σ w, 0 if ignored. The
 * sum is in float64. In a step of `train` nothing needs to count: the weights are then 0.
 * @param weights 1 unless given
 * @throws ShapeError if there is not one label or weight per row, ArgumentError if a label is not in
 *   the vocabulary, a weight is negative or nothing counts
 */
export function rowWeights(
  caller: string,
  labels: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  [n, v]: [n: number, v: number],
): Float32Array {
  assertLength(caller, 'labels', labels, n);
  if (weights) assertLength(caller, 'weights', weights, n);
  const counted = Float64Array.from(labels, (label, i) => {
    if (!isIgnored(label) && (!Number.isInteger(label) || label < 0 || label >= v)) {
      throw new ArgumentError(
        `${caller}: each label must be an integer from 0 to ${v - 1}, or ${IGNORED} or ${IGNORED_BY_PYTORCH} to ignore its row, got ${label} at ${i}.`,
      );
    }
    const weight = weights?.[i] ?? 1;
    if (!Number.isFinite(weight) || weight < 0) {
      throw new ArgumentError(
        `${caller}: each weight must be a finite number of at least 0, got ${weight} at ${i}.`,
      );
    }
    return isIgnored(label) ? 0 : weight;
  });
  const total = counted.reduce((sum, weight) => sum + weight, 0);
  const isPartOfStep = noteCount(total);
  if (total === 0) {
    if (isPartOfStep) return new Float32Array(n);
    throw new ArgumentError(
      `${caller}: at least one position must count, got ${labels.length} that are ignored or have weight 0. Leave such batches out.`,
    );
  }
  return Float32Array.from(counted, (weight) => weight / total);
}

function assertLength(caller: string, what: string, values: ArrayLike<number>, n: number): void {
  if (values.length === n) return;
  throw new ShapeError(
    `${caller}: ${what} must be ${n}, one for each row of the logits, got ${values.length}.`,
  );
}
