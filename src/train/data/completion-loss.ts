import * as tf from '@tensorflow/tfjs';
import type { LanguageModel } from '../../model/transformer';
import { ArgumentError } from '../../tensor/errors';
import { assertModule } from '../../tensor/nn';
import { read } from '../../tensor/runtime';
import { isIgnored, linearCrossEntropy, sparseCrossEntropy } from '../loop';
import { type Batch, makeBatch, PADDING } from './batch';
import type { Example } from './example';

/**
 * Computes the mean cross-entropy of a batch's completions: a scalar, owned by the caller. For
 * several batches it is the sum of their means, in one pass: if each batch has its own adapter, each
 * adapter gets the gradients that it would get alone. Logits are computed only at labels, but where
 * the head has an adapter.
 */
export function completionLoss(model: LanguageModel, ...batches: readonly Batch[]): tf.Scalar {
  assertModule('completionLoss', model);
  return tf.tidy(() => {
    const hidden = hiddenStates(model, batches); // [Σsize, time, width]
    const logits = model.isHeadAdapted ? model.logits(hidden) : null;
    let row = 0;
    const losses = batches.map((batch) => {
      const states = statesOf(logits ?? hidden, row, batch);
      row += batch.ids.length;
      if (logits) return sparseCrossEntropy(states, batch.labels);
      return linearCrossEntropy(states, model.head, batch.labels);
    });
    // Not tf.addN, which WebGPU refuses more than seven.
    return losses.length === 1 ? (losses[0] as tf.Scalar) : tf.stack(losses).sum<tf.Scalar>();
  });
}

/** Computes the hidden states of the rows of all batches, padded to the longest. */
function hiddenStates(model: LanguageModel, batches: readonly Batch[]): tf.Tensor {
  const rows = batches.flatMap(({ ids }) => ids);
  const time = Math.max(...rows.map(({ length }) => length));
  const padded = (row: number[], value: number) => [
    ...row,
    ...new Array<number>(time - row.length).fill(value),
  ];
  const ids = model.idsTensor(rows.map((row) => padded(row, PADDING)));
  if (!batches.some(({ starts }) => starts)) return model.hiddenStates(ids);
  const starts = batches.flatMap(({ starts, ids }) => starts ?? ids.map(() => []));
  return model.hiddenStates(
    ids,
    tf.tensor2d(
      starts.map((row) => padded(row, 0)),
      [rows.length, time],
      'int32',
    ),
  );
}

/** Slices a batch's states or logits, without the padding of others; its first row is `row`: [size, time, width]. */
function statesOf(hidden: tf.Tensor, row: number, { ids }: Batch): tf.Tensor {
  const time = ids[0]?.length ?? 0;
  return hidden.slice([row, 0, 0], [ids.length, time, hidden.shape.at(-1) as number]);
}

const BATCH = 50;

/**
 * Computes log p of each token of each example that has a label, given all tokens before it: the
 * negative of the loss of single tokens.
 */
export async function completionLogProbabilities(
  model: LanguageModel,
  examples: readonly Example[],
): Promise<number[][]> {
  const batch = makeBatch(examples);
  const { labels } = batch;
  const counted = [...labels.keys()].filter((i) => !isIgnored(labels[i] as number));
  if (counted.length === 0) return examples.map(() => []);
  const chosen = tf.tidy(() => {
    const hidden = hiddenStates(model, [batch]);
    const rowsOf = (all: tf.Tensor) =>
      all.reshape([labels.length, -1]).gather(tf.tensor1d(counted, 'int32'));
    // An adapter on the head may be one of several, each for a row of the batch.
    const logits = model.isHeadAdapted
      ? rowsOf(model.logits(hidden))
      : model.logits(rowsOf(hidden));
    const vocabSize = logits.shape.at(-1) ?? 0;
    const places = counted.map((i, row) => row * vocabSize + (labels[i] as number));
    return tf.gather(tf.logSoftmax(logits).flatten(), tf.tensor1d(places, 'int32'));
  });
  const values = await read(chosen).finally(() => chosen.dispose());
  let next = 0;
  return examples.map((example) =>
    Array.from(values.subarray(next, (next += countLabels({ labels: example.labels.slice(1) })))),
  );
}

/**
 * Computes the mean cross-entropy, in nats per token, over the completions of examples.
 * @throws ArgumentError if no completion has a token
 */
export async function meanLoss(
  model: LanguageModel,
  examples: readonly Example[],
): Promise<number> {
  let [sum, count] = [0, 0];
  const sorted = [...examples].sort((a, b) => a.ids.length - b.ids.length);
  for (let i = 0; i < sorted.length; i += BATCH) {
    const batch = makeBatch(sorted.slice(i, i + BATCH));
    const tokens = countLabels(batch);
    if (tokens === 0) continue;
    const loss = completionLoss(model, batch);
    const [value = NaN] = await read(loss).finally(() => loss.dispose());
    sum += value * tokens;
    count += tokens;
  }
  if (count === 0) {
    throw new ArgumentError(
      `meanLoss: a completion must have 1 token or more, got none in ${examples.length} examples.`,
    );
  }
  return sum / count;
}

/** Counts the labels of a batch or an example. */
export function countLabels({ labels }: { readonly labels: readonly number[] }): number {
  return labels.filter((label) => !isIgnored(label)).length;
}
