import * as tf from '@tensorflow/tfjs';
import type { GPT2 } from '../gpt2';
import { read } from '../runtime';
import { IGNORED, sparseCrossEntropy } from '../train';
import { type Batch, makeBatch, PADDING } from './batch';
import type { Example } from './example';

/**
 * The mean cross-entropy of a batch's completions: a scalar, owned by the caller. Of several batches
 * it is the sum of their means, computed in one pass: where each belongs to another adapter, each
 * adapter gets the gradients that it would get alone. Logits are computed only from the first
 * position of a batch that has a label.
 */
export function completionLoss(model: GPT2, ...batches: readonly Batch[]): tf.Scalar {
  return tf.tidy(() => {
    const hidden = model.hiddenStates(model.idsTensor(padTogether(batches))); // [Σsize, time, nEmbd]
    const width = hidden.shape.at(-1) as number;
    let row = 0;
    const losses = batches.map(({ ids, start, labels }) => {
      const time = ids[0]?.length ?? 0;
      const labelled = hidden.slice([row, start, 0], [ids.length, time - start, width]);
      row += ids.length;
      return sparseCrossEntropy(model.logits(labelled), labels);
    });
    return losses.length === 1 ? (losses[0] as tf.Scalar) : tf.addN(losses);
  });
}

/** The rows of all batches, as long as the longest. */
function padTogether(batches: readonly Batch[]): number[][] {
  const rows = batches.flatMap(({ ids }) => ids);
  const time = Math.max(...rows.map(({ length }) => length));
  return rows.map((row) => [...row, ...new Array<number>(time - row.length).fill(PADDING)]);
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
