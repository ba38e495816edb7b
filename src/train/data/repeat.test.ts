import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeat } from './repeat';

test('the batches of a list come again and again, in their order', () => {
  const batches = repeat(['a', 'b']);
  const drawn = Array.from({ length: 5 }, () => batches.next().value);
  assert.deepEqual(drawn, ['a', 'b', 'a', 'b', 'a']);
});

test('an empty list, or what is none, is refused at the call', () => {
  for (const [given, what] of [
    [[], 'an empty one'],
    [new Set([1]), 'Set'],
    [undefined, 'undefined'],
  ] as const) {
    assert.throws(() => repeat(given as unknown as number[]), {
      name: 'ArgumentError',
      message: `repeat: batches must be an array of a batch or more, got ${what}. drawBatches is endless already.`,
    });
  }
});
