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
export function completionLoss(model: GPT2, { ids, start, labels }: Batch): tf.Scalar {
  return tf.tidy(() => {
    const hidden = model.hiddenStates(model.idsTensor(ids)); // [batch, time, nEmbd]
    const [batch, time, width] = hidden.shape as [number, number, number];
    const labelled = hidden.slice([0, start, 0], [batch, time - start, width]);
    return sparseCrossEntropy(model.logits(labelled), labels);
  });
}

const BATCH = 50;

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
