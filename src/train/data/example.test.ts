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

test('encodeRows names the row that lacks a column, with its keys', () => {
  const good = { prompt: 'ab', completion: 'c' };
  for (const [bad, got] of [
    [{ question: 'a', answer: 'b' }, 'question, answer in row 1'],
    [{ prompt: 'a' }, 'prompt in row 1'],
    [{}, 'no keys in row 1'],
    [null, 'null in row 1'],
    ['a text', '"a text" in row 1'],
    [{ prompt: 'a', completion: 5 }, '{"prompt":"a","completion":5} in row 1'],
  ] as const) {
    assert.throws(() => encodeRows(tokenizer, [good, bad as never]), {
      name: 'ArgumentError',
      message: `encodeRows: each row must have prompt and completion, as text, got ${got}. Rename other columns first: rows.map((row) => ({ prompt: ..., completion: ... })).`,
    });
  }
  assert.throws(() => encodeRows(tokenizer, good as never), {
    name: 'ArgumentError',
    message: /^encodeRows: rows must be a list of \{ prompt, completion \}, got \{"prompt":"ab"/,
  });
});

test('encodeRows says that a tokenizer must be awaited', () => {
  for (const [given, got] of [
    [Promise.resolve(tokenizer), 'Promise. Await it.'],
    [undefined, 'undefined. loadTokenizer gives one.'],
    [[{ prompt: 'ab', completion: 'c' }], 'Array. loadTokenizer gives one.'],
  ] as const) {
    assert.throws(() => encodeRows(given as never, []), {
      name: 'ArgumentError',
      message: `encodeRows: tokenizer must be a Tokenizer, got ${got}`,
    });
  }
});

test('encodeRows puts no beginning of a text before a completion', () => {
  const withStart = {
    encode: (text: string, { add_special_tokens: adds = true } = {}) => ({
      ids: [...(adds ? [1] : []), ...tokenizer.encode(text).ids],
    }),
  } as Tokenizer;
  const [example] = encodeRows(withStart, [{ prompt: 'ab', completion: 'c' }]);
  assert.deepEqual(example, { prompt: [1, 97, 98], completion: [99] });
});
