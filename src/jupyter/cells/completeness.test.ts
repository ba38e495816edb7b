import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completenessOf } from './completeness';

const TEXTS = {
  complete: [
    '',
    '1',
    'const a = { b: [1] };',
    'function f() {\n  return 1;\n}',
    'await f();',
    '`a\nb`',
  ],
  incomplete: [
    'function f() {',
    'f(',
    '`text',
    '/* text',
    'const a = [1,\n',
    'if (a) {\n  b();',
    'a +',
  ],
  invalid: ['const = 3', '1 +* 2', "'text\n'", 'f(]', 'class { } }'],
};

describe('A text is', () => {
  for (const [status, texts] of Object.entries(TEXTS)) {
    for (const text of texts) {
      test(`${status}: ${JSON.stringify(text)}`, () => {
        assert.equal(completenessOf(text).status, status);
      });
    }
  }
});

test('the next line is indented as the last, one step deeper after a bracket', () => {
  for (const [text, indent] of [
    ['f(', '  '],
    ['if (a) {\n  b(', '    '],
    ['if (a) {\n  b();', '  '],
    ['a +', ''],
  ] as const) {
    assert.deepEqual(completenessOf(text), { status: 'incomplete', indent });
  }
});
