import type { Tokenizer } from '@huggingface/tokenizers';
import { assertOptions, assertPositiveIntegers, type OptionKeys } from '../../tensor/errors';
import type { Batch } from '../../train/data';
import { pretrainText } from './pretrain-text';

/** Lines of text drawn and encoded at a time. */
const LINES = 500;

/** Options of `drawPretrainingBatches`. */
interface BlockOptions {
  size: number;
  time: number;
  seed: number;
}

const OPTIONS: OptionKeys<BlockOptions> = { size: 'required', time: 'required', seed: 'required' };

/**
 * Draws batches of consecutive blocks of pretraining text without end: ids [size, time], every
 * token a label. The same seed gives the same blocks; no text comes twice.
 * @throws ArgumentError if size or time is not a positive integer
 */
export function* drawPretrainingBatches(
  tokenizer: Tokenizer,
  options: BlockOptions,
): Generator<Batch, never> {
  assertOptions('drawPretrainingBatches', options, OPTIONS);
  const { size, time, seed } = options;
  assertPositiveIntegers('drawPretrainingBatches', { size, time });
  let tokens: number[] = [];
  for (let chunk = 0; ;) {
    const needed = size * (time + 1);
    while (tokens.length < needed) {
      tokens = tokens.concat(tokenizer.encode(pretrainText(seed + chunk++, LINES)).ids);
    }
    const blocks = Array.from({ length: size }, (_, row) =>
      tokens.slice(row * (time + 1), (row + 1) * (time + 1)),
    );
    tokens = tokens.slice(needed);
    yield {
      ids: blocks.map((block) => block.slice(0, -1)),
      labels: blocks.flatMap((block) => block.slice(1)),
    };
  }
}
