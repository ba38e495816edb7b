import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tokenizer } from '@huggingface/tokenizers';
import { encodeRows } from './example';

/** One token for each character. */
const tokenizer = {
  encode: (text: string) => ({ ids: [...text].map((letter) => letter.charCodeAt(0)) }),
} as Tokenizer;

test('encodeRows encodes prompt and completion, and names the row of one that is empty', () => {
  const good = { prompt: 'ab', completion: 'c' };
  assert.deepEqual(encodeRows(tokenizer, [good]), [{ prompt: [97, 98], completion: [99] }]);
  for (const bad of [
    { prompt: '', completion: 'c' },
    { prompt: 'ab', completion: '' },
  ]) {
    const expected = { name: 'ArgumentError', message: /1 token or more, got .* in row 1\./ };
    assert.throws(() => encodeRows(tokenizer, [good, bad]), expected);
  }
});
