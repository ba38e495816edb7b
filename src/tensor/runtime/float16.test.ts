import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFloat16, encodeFloat16 } from './float16';

test('every float16 number survives decoding and encoding', () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const value = decodeFloat16(bits);
    if (Number.isNaN(value)) assert.ok((bits & 0x7fff) > 0x7c00);
    else assert.equal(encodeFloat16(value), bits);
  }
  assert.equal(encodeFloat16(65520), 0x7c00);
  assert.equal(encodeFloat16(65519.99), 0x7bff);
});
