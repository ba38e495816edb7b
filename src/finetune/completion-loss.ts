import * as tf from '@tensorflow/tfjs';
import type { GPT2 } from '../gpt2';
import { read } from '../runtime';
import { IGNORED, sparseCrossEntropy } from '../train';
import { type Batch, makeBatch } from './batch';
import type { Example } from './example';

/**
 * The mean cross-entropy of a batch's completions: a scalar, owned by the caller. Logits are
 * computed only from the first position that has a label.
 */
export function completionLoss(model: GPT2, batch: Batch): tf.Scalar {
  return tf.tidy(() => sparseCrossEntropy(labelledLogits(model, batch), batch.labels));
}

/** [batch, time - start, vocabSize] */
function labelledLogits(model: GPT2, { ids, start }: Batch): tf.Tensor {
  const hidden = model.hiddenStates(model.idsTensor(ids)); // [batch, time, nEmbd]
  const [batch, time, width] = hidden.shape as [number, number, number];
  return model.logits(hidden.slice([0, start, 0], [batch, time - start, width]));
}

const BATCH = 50;

/**
 * How likely a model finds each completion, token by token: log p of each token, given all before
 * it. The same as a loss of single tokens, with its sign turned.
 */
export async function completionLogProbabilities(
  model: GPT2,
  examples: readonly Example[],
): Promise<number[][]> {
  const batch = makeBatch(examples);
  const { labels } = batch;
  const chosen = tf.tidy(() => {
    const logits = labelledLogits(model, batch);
    const vocabSize = logits.shape.at(-1) ?? 0;
    const places = labels.map((label, i) => i * vocabSize + Math.max(0, label));
    return tf.gather(tf.logSoftmax(logits).flatten(), tf.tensor1d(places, 'int32'));
  });
  const values = await read(chosen).finally(() => chosen.dispose());
  const width = labels.length / examples.length;
  return examples.map((_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)).filter(
      (_, i) => labels[row * width + i] !== IGNORED,
    ),
  );
}

/** The mean cross-entropy, in nats a token, over all completions of some examples. */
export async function meanLoss(model: GPT2, examples: readonly Example[]): Promise<number> {
  let [sum, count] = [0, 0];
  const lengthOf = ({ prompt }: Example) => prompt.length;
  const sorted = [...examples].sort((a, b) => lengthOf(a) - lengthOf(b));
  for (let i = 0; i < sorted.length; i += BATCH) {
    const batch = makeBatch(sorted.slice(i, i + BATCH));
    const tokens = countLabels(batch);
    const loss = completionLoss(model, batch);
    const [value = NaN] = await read(loss).finally(() => loss.dispose());
    sum += value * tokens;
    count += tokens;
  }
  return sum / count;
}

/** How many tokens of a batch are learnt from. */
export function countLabels({ labels }: Batch): number {
  return labels.filter((label) => label !== IGNORED).length;
}
