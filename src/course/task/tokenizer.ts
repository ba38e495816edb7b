import { pretrainText } from './pretrain-text';

/** Enough lines to hold every word and digit of the texts. */
const LINES = 20_000;
/** The token of any character outside ASCII. */
const UNKNOWN = '<unk>';
/** The tokenisation with the highest sum of scores wins: words before characters. */
const SCORES = { word: -1, character: -10 };

/**
 * Makes the tokenizer of the task's texts, as Hugging Face's tokenizer.json: whole words and
 * digits, each also with the space before it, and single ASCII characters for all else.
 * Example: `Tom| has| 1|2| pens|.`, 6 tokens.
 */
export function tokenizerJson(): Record<string, unknown> {
  const found = pretrainText(0, LINES).match(/ ?[A-Za-z]+| \d/g) ?? [];
  const words = [...new Set(found)].filter((word) => word.length > 1).sort();
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const vocab = [
    [UNKNOWN, 0],
    ...['\n', ...printable].map((character) => [character, SCORES.character]),
    ...words.map((word) => [word, SCORES.word]),
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
  };
}
