import { pretrainText } from './pretrain-text';

/** Enough lines that every word and digit of the texts is among them. */
const LINES = 20_000;
/** Whatever is not in ASCII. */
const UNKNOWN = '<unk>';
/** Of two ways to cut a text the one with the higher sum wins: words before characters. */
const SCORES = { word: -1, character: -10 };

/**
 * A tokenizer for the texts of this room, as Hugging Face's tokenizer.json: whole words and
 * digits, each also with the space before it, and for all else the characters of ASCII.
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
