import { Tokenizer } from '@huggingface/tokenizers';

/**
 * Makes a tokenizer from the content of tokenizer.json, which encodes as Hugging Face's own in Rust.
 * @throws Error if the content is broken
 */
export function makeTokenizer(json: object): Tokenizer {
  const { pre_tokenizer: splits } = json as { pre_tokenizer?: object | null };
  const same = splits ? { ...json, pre_tokenizer: asInRust(splits) } : json;
  // Python's default; the library's own would drop spaces before punctuation.
  return new Tokenizer(same, { clean_up_tokenization_spaces: false });
}

/** GPT-2's words. */
const WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

interface Splits {
  type?: unknown;
  individual_digits?: boolean;
  pretokenizers?: object[];
  add_prefix_space?: boolean;
  use_regex?: boolean;
}

/**
 * The library's digits are 0 to 9 alone, and its spaces are those of JavaScript, with U+FEFF and
 * without U+0085; in Rust they are Unicode's. Patterns of `Split` mean the same in both.
 */
function asInRust(splits: object): object {
  const { type, individual_digits, pretokenizers, add_prefix_space, use_regex } = splits as Splits;
  if (Array.isArray(pretokenizers)) {
    return { ...splits, pretokenizers: pretokenizers.map(asInRust) };
  }
  if (type === 'Digits') return split(individual_digits ? '\\p{N}' : '\\p{N}+');
  if (type === 'ByteLevel' && use_regex !== false && add_prefix_space === false) {
    const pretokenizers = [split(WORDS), { ...splits, use_regex: false }];
    return { type: 'Sequence', pretokenizers };
  }
  return splits;
}

function split(pattern: string): object {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}
