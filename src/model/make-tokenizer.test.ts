import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTokenizer } from './make-tokenizer';

const BYTES = [...'ĠĉÂħï»¿a1½'];
const MERGED = ['ĠĠ', 'ĉĉ', 'ĠÂ', '11'];

/** A byte-level BPE with few tokens, which splits a text in this way. */
function tokensOf(text: string, pre_tokenizer: object): string[] {
  const vocab = Object.fromEntries([...BYTES, ...MERGED].map((token, id) => [token, id]));
  const merges = MERGED.map((token) => [...token]);
  const tokenizer = makeTokenizer({
    added_tokens: [],
    normalizer: null,
    pre_tokenizer,
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges, unk_token: null },
  });
  return tokenizer.encode(text).tokens;
}

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
const digits = (individual_digits: boolean) => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Digits', individual_digits }, BYTE_LEVEL],
});

test('spaces are those of Unicode, where the zero width no-break space is none', () => {
  // The last space of a run belongs to what follows.
  assert.deepEqual(tokensOf('\t\t\uFEFF', BYTE_LEVEL), ['ĉ', 'ĉ', 'ï', '»', '¿']);
  assert.deepEqual(tokensOf('\t\t', BYTE_LEVEL), ['ĉĉ']);
});

test('the next line is a space', () => {
  assert.deepEqual(tokensOf(' \u0085a', BYTE_LEVEL), ['Ġ', 'Â', 'ħ', 'a']);
});

test('digits are all numbers, one by one or together', () => {
  assert.deepEqual(tokensOf('11 ½', digits(true)), ['1', '1', 'Ġ', 'Â', '½']);
  assert.deepEqual(tokensOf('11 ½', digits(false)), ['11', 'Ġ', 'Â', '½']);
  assert.deepEqual(tokensOf('11 ½', BYTE_LEVEL), ['11', 'ĠÂ', '½']);
});
