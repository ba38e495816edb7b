import { quote } from '../../tensor/errors';
import type { GgufTokenizer, TokenizerParts } from './gguf-tokenizer';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/** Splits a text as GPT-2 does. */
const GPT2 = { ...BYTE_LEVEL, use_regex: true };

/** The words of Llama 3 and Qwen 2, which differ in how many digits stay together. */
const words = (digits: string) =>
  [
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)`,
    String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
    String.raw`\p{N}${digits}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ].join('|');

const split = (pattern: string) =>
  sequence(
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    {
      ...BYTE_LEVEL,
      use_regex: false,
    },
  );

const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers });

/** What differs between tokenizers, by `tokenizer.ggml.pre`. */
interface Split {
  pre_tokenizer: object;
  normalizer?: object;
  /** true if a word that is a token is not built from its merges */
  ignoresMerges?: boolean;
  addsBos?: boolean;
}

const SPLITS: ReadonlyMap<unknown, Split> = new Map<unknown, Split>([
  ['gpt-2', { pre_tokenizer: GPT2 }],
  ['smollm', { pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, GPT2) }],
  ['qwen2', { pre_tokenizer: split(words('')), normalizer: { type: 'NFC' } }],
  ['llama-bpe', { pre_tokenizer: split(words('{1,3}')), ignoresMerges: true, addsBos: true }],
]);

/** Makes a byte-level BPE: GPT-2, SmolLM, Qwen, Llama 3. */
export function byteLevelParts({ tokens, get, list, fail }: GgufTokenizer): TokenizerParts {
  const pre = get('pre');
  const kind = SPLITS.get(pre);
  if (!kind) {
    const known = [...SPLITS.keys()].join(', ');
    return fail(`tokenizer.ggml.pre must be one of ${known}, got ${quote(pre)}.`);
  }
  const { pre_tokenizer, normalizer = null, ignoresMerges = false, addsBos = false } = kind;
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  const merges = list('merges', 'string').map((line) => {
    const [a = '', b = '', ...more] = line.split(' ');
    if (more.length === 0 && [a, b, a + b].every((token) => vocab.has(token))) return [a, b];
    return fail(
      `tokenizer.ggml.merges must hold pairs of tokens that make a third, got ${quote(line)}.`,
    );
  });
  return {
    normalizer,
    pre_tokenizer,
    decoder: BYTE_LEVEL,
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(vocab),
      merges,
      unk_token: null,
      dropout: null,
      ignore_merges: ignoresMerges,
    },
    addsBos,
  };
}
