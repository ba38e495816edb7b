import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { assertClose } from '../../../tests/close';
import { FIXTURES, decodeFloat32, type EncodedArray } from '../../../tests/fixture';
import { normalQuantile } from '../../course/judge';
import { ArgumentError, NonFiniteError } from '../errors';
import { deriveNf4, dynamicLevels, LEVELS, type QuantizationType } from './levels';
import { dequantize, quantize } from './quantize';

interface Case {
  type: QuantizationType;
  blockSize: number;
  values: EncodedArray;
  packed: EncodedArray;
  scales: EncodedArray;
  dequantized: EncodedArray;
  double: {
    codes: EncodedArray;
    scales: EncodedArray;
    offset: number;
    dequantized: EncodedArray;
  };
}

interface Fixture {
  levels: Record<QuantizationType | 'dynamic', EncodedArray>;
  cases: Case[];
}

const file = path.join(FIXTURES, 'quantize_4bit.json.gz');
const fixture = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Fixture;

describe('the levels', () => {
  test('are those of bitsandbytes to the bit', () => {
    assert.deepEqual(LEVELS.nf4, decodeFloat32(fixture.levels.nf4));
    assert.deepEqual(LEVELS.fp4, decodeFloat32(fixture.levels.fp4));
    assertSameBits(dynamicLevels(), fixture.levels.dynamic);
  });

  test('of nf4 are quantiles of the normal distribution', () => {
    const derived = deriveNf4(normalQuantile);
    assert.equal(derived.length, 16);
    assertClose(derived, LEVELS.nf4, 1e-6);
  });
});

describe('quantize agrees with bitsandbytes to the bit', () => {
  for (const [i, golden] of fixture.cases.entries()) {
    const { type, blockSize } = golden;
    const values = decodeFloat32(golden.values);
    test(`case ${i}: ${values.length} numbers in ${type}`, () => {
      const single = quantize(values, { type, blockSize });
      assert.ok(single.scales instanceof Float32Array);
      assertSameBits(single.packed, golden.packed);
      assertSameBits(single.scales, golden.scales);
      assertSameBits(dequantize(single), golden.dequantized);

      const double = quantize(values, { type, blockSize, doubleQuantize: true });
      assert.ok(!(double.scales instanceof Float32Array));
      assertSameBits(double.packed, golden.packed);
      assertSameBits(double.scales.codes, golden.double.codes);
      assertSameBits(double.scales.scales, golden.double.scales);
      assert.equal(double.scales.offset, golden.double.offset);
      assertSameBits(dequantize(double), golden.double.dequantized);
    });
  }
});

describe('quantize', () => {
  test('refuses what it cannot store', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(() => quantize(Float32Array.of(1, bad)), NonFiniteError);
    }
    assert.throws(() => quantize(new Float32Array(0)), ArgumentError);
    for (const blockSize of [0, -64, 16, 48, 63.5, NaN, 8192]) {
      assert.throws(() => quantize(Float32Array.of(1), { blockSize }), ArgumentError);
    }
    const type = 'int4' as QuantizationType;
    assert.throws(() => quantize(Float32Array.of(1), { type, blockSize: 3 }), {
      name: 'ArgumentError',
      message: /type must be nf4 or fp4, got int4; blockSize must be one of .*, got 3/,
    });
  });
});

function assertSameBits(got: Float32Array | Uint8Array, want: EncodedArray): void {
  const bytes = Buffer.from(got.buffer, got.byteOffset, got.byteLength);
  assert.equal(bytes.toString('hex'), Buffer.from(want.data, 'base64').toString('hex'));
}
