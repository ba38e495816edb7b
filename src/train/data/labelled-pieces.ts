import type { Tokenizer } from '@huggingface/tokenizers';
import { assertTokenizer } from '../../model/transformer';
import { IGNORED, isIgnored } from '../loop';
import type { Example } from './example';

/** A piece of a text: to be learned, or only read. */
export interface LabelledPiece {
  text: string;
  isLearned: boolean;
}

/** Decodes an example into pieces, with all special tokens, to show what is learned and what is not. */
export function labelledPieces(tokenizer: Tokenizer, { ids, labels }: Example): LabelledPiece[] {
  assertTokenizer('labelledPieces', tokenizer);
  const starts = [...ids.keys()].filter(
    (i) => i === 0 || isLearned(labels, i) !== isLearned(labels, i - 1),
  );
  return starts.map((start, piece) => ({
    text: tokenizer.decode(ids.slice(start, starts[piece + 1]), {
      skip_special_tokens: false,
      clean_up_tokenization_spaces: false,
    }),
    isLearned: isLearned(labels, start),
  }));
}

/** Whether the token at a place is learned; the first never is, for nothing comes before it. */
export function isLearned(labels: readonly number[], place: number): boolean {
  return place > 0 && !isIgnored(labels[place] ?? IGNORED);
}
