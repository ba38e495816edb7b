import { Tokenizer } from '@huggingface/tokenizers';

/**
 * Makes a tokenizer from the content of tokenizer.json, which encodes as Hugging Face's own in Rust.
 * @throws Error if the content is broken
 */
export function makeTokenizer(json: object): Tokenizer {
  const { pre_tokenizer: splits } = json as { pre_tokenizer?: object | null };
  const same = splits ? { ...json, pre_tokenizer: withAllDigits(splits) } : json;
  // Python's default; the library's own would drop spaces before punctuation.
  return new Tokenizer(same, { clean_up_tokenization_spaces: false });
}

/** The library's digits are 0 to 9 alone; in Rust they are all numbers, such as ½ and ٣. */
function withAllDigits(splits: object): object {
  const { type, individual_digits, pretokenizers } = splits as {
    type?: unknown;
    individual_digits?: boolean;
    pretokenizers?: object[];
  };
  if (Array.isArray(pretokenizers)) {
    return { ...splits, pretokenizers: pretokenizers.map(withAllDigits) };
  }
  if (type !== 'Digits') return splits;
  const pattern = { Regex: individual_digits ? '\\p{N}' : '\\p{N}+' };
  return { type: 'Split', pattern, behavior: 'Isolated', invert: false };
}
