import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tokenizer } from '@huggingface/tokenizers';
import { IGNORED } from '../loop';
import { describeExamples } from './describe-examples';
import { encodeRows } from './encode-rows';

/** One token for each character. */
const tokenizer = {
  encode: (text: string) => ({ ids: [...text].map((letter) => letter.charCodeAt(0)) }),
} as Tokenizer;

test('encodeRows puts labels on a completion, and names the row of one that is empty', () => {
  const good = { prompt: 'ab', completion: 'c' };
  const encoded = { ids: [97, 98, 99], labels: [IGNORED, IGNORED, 99] };
  assert.deepEqual(encodeRows(tokenizer, [good]), [encoded]);
  for (const bad of [
    { prompt: '', completion: 'c' },
    { prompt: 'ab', completion: '' },
  ]) {
    const expected = { name: 'ArgumentError', message: /row 1: .* 1 character or more, got ""\./ };
    assert.throws(() => encodeRows(tokenizer, [good, bad]), expected);
  }
});

test('encodeRows names the row that lacks a column, with its keys', () => {
  const good = { prompt: 'ab', completion: 'c' };
  for (const [bad, got] of [
    [
      { question: 'a', answer: 'b' },
      'the row must have messages, or prompt and completion, or text, got "question, answer". Write prompt for question, and completion for answer.',
    ],
    [{ prompt: 'a' }, 'completion must be a text of 1 character or more, got nothing.'],
    [{}, 'the row must have messages, or prompt and completion, or text, got "no keys".'],
    [null, 'the row must be an object with messages, or prompt and completion, or text, got null.'],
    [
      'a text',
      'the row must be an object with messages, or prompt and completion, or text, got "a text".',
    ],
    [{ prompt: 'a', completion: 5 }, 'completion must be a text of 1 character or more, got 5.'],
  ] as const) {
    assert.throws(() => encodeRows(tokenizer, [good, bad as never]), {
      name: 'ArgumentError',
      message: `encodeRows: row 1: ${got}`,
    });
  }
  assert.throws(() => encodeRows(tokenizer, good as never), {
    name: 'ArgumentError',
    message:
      /^encodeRows: rows must be a list of \{ prompt, completion \}, .*, got \{"prompt":"ab"/,
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
  assert.deepEqual(example, { ids: [1, 97, 98, 99], labels: [IGNORED, IGNORED, IGNORED, 99] });
});

test('encodeRows lists every row that is faulty, the first 20', () => {
  const rows = Array.from({ length: 25 }, (_, i) => ({
    prompt: 'a',
    completion: i % 2 ? 'b' : '',
  }));
  const bad = new Array<object>(21).fill({ text: 'a' });
  assert.throws(
    () => encodeRows(tokenizer, rows),
    ({ message }: Error) => message.split('\n').length === 14 && /\n {2}row 24: /.test(message),
  );
  assert.throws(
    () => encodeRows(tokenizer, bad as never),
    ({ message }: Error) => /\n {2}row 19: .*\n {2}and 1 more\.$/.test(message),
  );
});

test('encodeRows ends a text, all of which is learned, and asks for what kinds of rows need', () => {
  const rows = [{ text: 'ab' }];
  assert.deepEqual(encodeRows(tokenizer, rows, { eosTokenId: 7 }), [
    { ids: [97, 98, 7], labels: [97, 98, 7] },
  ]);
  assert.throws(() => encodeRows(tokenizer, rows), { message: /row 0: a text needs eosTokenId/ });
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ];
  assert.throws(() => encodeRows(tokenizer, [{ messages }]), {
    message: /row 0: messages need the chat template.*loadChatTemplate/,
  });
  const template = Promise.resolve() as never;
  assert.throws(() => encodeRows(tokenizer, rows, { template }), {
    message: /a promise\. Await it/,
  });
});

test('encodeRows ends a completion only where it is told with what', () => {
  const rows = [{ prompt: 'ab', completion: 'c' }];
  assert.deepEqual(encodeRows(tokenizer, rows, { eosTokenId: 7 }), [
    { ids: [97, 98, 99, 7], labels: [IGNORED, IGNORED, 99, 7] },
  ]);
});

test('the first token of a text is not counted as learned', () => {
  const [example] = encodeRows(tokenizer, [{ text: 'abc' }], { eosTokenId: 7 });
  assert.equal(
    describeExamples(example ? [example] : []),
    '1 row of 4 tokens, 3 of them learned (75 %); the longest has 4.',
  );
});
