import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Key } from '../../runtime';
import { threefry } from './threefry';

type Words = [number, number];

/** Counter, key and result: tests/kat_vectors of the authors' Random123, for 20 rounds. */
const PUBLISHED: [Words, Words, Words][] = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
];

function wordsOf([c0, c1]: Words, key: Key): number[] {
  const words = new Uint32Array(4);
  threefry(words, 1, key, c0, c1);
  return [...words];
}

describe('threefry', () => {
  test('gives the published words, at their place, for words with and without a sign', () => {
    for (const [counter, key, result] of PUBLISHED) {
      assert.deepEqual(wordsOf(counter, key), [0, ...result, 0]);
      const signed = ([a, b]: Words): Words => [a | 0, b | 0];
      assert.deepEqual(wordsOf(signed(counter), signed(key)), [0, ...result, 0]);
    }
  });
});
