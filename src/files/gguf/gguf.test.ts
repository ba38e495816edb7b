import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { FIXTURES, readTensors } from '../../../tests/fixture';
import { freshSeed } from '../../../tests/fresh';
import { GgufError } from './error';
import { parseHeader } from './header';
import { readGguf } from './read-gguf';

const folder = mkdtempSync(path.join(tmpdir(), 'gguf-'));
after(() => rmSync(folder, { recursive: true }));

const FIXTURE = path.join(FIXTURES, 'gguf_types.gguf');
const whole = readFileSync(FIXTURE);

/** A file with these bytes. */
function crafted(bytes: Uint8Array): string {
  const file = path.join(folder, 'crafted.gguf');
  writeFileSync(file, bytes);
  return file;
}

/** The bytes of the fixture with some changed, found by the text before them. */
function changed(text: string, skip: number, bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(whole);
  const place = whole.indexOf(text) + Buffer.byteLength(text) + skip;
  assert.ok(whole.includes(text), text);
  copy.set(bytes, place);
  return copy;
}

/** A header alone: version 3, so many tensors and keys, then these bytes. */
function header(tensors: bigint, keys: bigint, ...rest: Uint8Array[]): Uint8Array {
  const start = Buffer.alloc(24);
  start.write('GGUF');
  start.writeUInt32LE(3, 4);
  start.writeBigUInt64LE(tensors, 8);
  start.writeBigUInt64LE(keys, 16);
  return Buffer.concat([start, ...rest]);
}

const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value: bigint) => Buffer.from(BigUint64Array.of(value).buffer);
const text = (value: string) =>
  Buffer.concat([uint64(BigInt(Buffer.byteLength(value))), Buffer.from(value)]);

describe('readGguf', () => {
  test("unpacks every type to the bits of Python's gguf", async () => {
    const expected = await readTensors('gguf_types.safetensors');
    const reader = await readGguf(FIXTURE);
    assert.deepEqual([...reader.tensors.keys()].sort(), [...expected.keys()].sort());
    for (const [name, { shape, type }] of reader.tensors) {
      const values = await reader.read(name);
      assert.equal(type.name, name);
      assert.deepEqual(shape, [3, values.length / 3]);
      const bits = (numbers: Float32Array) => new Uint32Array(numbers.buffer);
      assert.deepEqual(bits(values), bits(expected.get(name) as Float32Array), name);
    }
    for (const read of ['read', 'readIntegers'] as const) {
      await assert.rejects(reader[read]('absent'), /tensor "absent": it must be in the file/);
    }
    await reader.close();
  });

  test('gives the integers of packed types, with which their numbers are computed exactly', async () => {
    const expected = await readTensors('gguf_types.safetensors');
    const ranges = { int4: [-8, 7], uint4: [0, 15], int8: [-128, 127] } as const;
    const reader = await readGguf(FIXTURE);
    let count = 0;
    for (const name of reader.tensors.keys()) {
      const integers = await reader.readIntegers(name);
      assert.equal(integers === null, /F/.test(name), name);
      if (!integers) continue;
      count++;
      const { type, codes, blockSize, scales, offsets } = integers;
      const [low, high] = ranges[type];
      assert.ok(codes.every((q) => q >= low && q <= high));
      assert.equal(scales.length, codes.length / blockSize);
      const values = Float32Array.from(codes, (q, i) => {
        const block = Math.floor(i / blockSize);
        return (scales[block] ?? NaN) * q + (offsets ? (offsets[block] ?? NaN) : 0);
      });
      assert.deepEqual(
        values.map((w) => w + 0),
        expected.get(name)?.map((w) => w + 0),
        name,
      );
    }
    assert.equal(count, 8);
    await reader.close();
  });

  test('reads every kind of metadata', async () => {
    const reader = await readGguf(FIXTURE);
    await reader.close();
    const values = Object.fromEntries(reader.metadata);
    assert.equal(values['general.architecture'], 'llama');
    const own = Object.entries(values).filter(([key]) => key.startsWith('value.'));
    assert.deepEqual(Object.fromEntries(own.map(([key, value]) => [key.slice(6), value])), {
      uint8: 200,
      int8: -100,
      uint16: 60000,
      int16: -30000,
      uint32: 4000000000,
      int32: -2000000000,
      uint64: 2n ** 63n + 1n,
      int64: -(2 ** 40),
      float32: 0.25,
      float64: 1e-300,
      bool: true,
      string: 'naïve 🙂',
      strings: ['a', '', '日本'],
      integers: [1, -2, 3],
    });
  });

  test('reads a header that is longer than the first piece of the file', async () => {
    const long = 'x'.repeat(3_000_000);
    const bytes = header(0n, 1n, text('long'), uint32(8), text(long));
    const reader = await readGguf(crafted(bytes));
    await reader.close();
    assert.equal(reader.metadata.get('long'), long);
  });

  const one = (type: number, sizes: bigint[], offset = 0n, name = 'w') => [
    text(name),
    uint32(sizes.length),
    ...sizes.map(uint64),
    uint32(type),
    uint64(offset),
  ];
  const pad = Buffer.alloc(256);
  const attacks: [string, RegExp, Uint8Array][] = [
    ['another file', /must begin with GGUF/, Buffer.from('{"metadata":{}}..........')],
    ['an empty file', /a value must end within the file's 0 bytes/, Buffer.alloc(0)],
    ['big-endian', /must be little-endian/, Buffer.from('FUGG........................')],
    ['version 1', /version must be 2 or 3, got 1/, changed('GGUF', 0, [1])],
    ['more tensors than fit', /number of tensors must be at most 0 .* got 9/, header(9n, 0n)],
    ['more keys than fit', /number of keys must be at most 0 .* got 7/, header(0n, 7n)],
    [
      '2^63 keys',
      /number of keys must be below 2\^53, got 9223372036854775808/,
      header(0n, 2n ** 63n, pad),
    ],
    [
      'an endless text',
      /length of key 1 of the metadata must be at most/,
      header(0n, 1n, uint64(2n ** 40n), pad),
    ],
    [
      'a key that is not UTF-8',
      /key 1 of the metadata must be UTF-8/,
      header(0n, 1n, uint64(2n), Buffer.from([0xff, 0xfe]), pad),
    ],
    [
      'a key twice',
      /each key must be there once, got "a" twice/,
      header(0n, 2n, text('a'), uint32(0), Buffer.of(1), text('a'), uint32(0), Buffer.of(1), pad),
    ],
    [
      'an unknown kind of value',
      /type of "a" must be from 0 to 12, got 99/,
      header(0n, 1n, text('a'), uint32(99), pad),
    ],
    [
      'a truth value of 2',
      /"a" must be 0 or 1, got 2/,
      header(0n, 1n, text('a'), uint32(7), Buffer.of(2), pad),
    ],
    [
      'an endless list',
      /length of "a" must be at most/,
      header(0n, 1n, text('a'), uint32(9), uint32(0), uint64(2n ** 50n), pad),
    ],
    [
      'lists in lists in lists',
      /"a" must be at most 4 lists deep/,
      header(
        0n,
        1n,
        text('a'),
        uint32(9),
        ...Array.from({ length: 9 }, () => [uint32(9), uint64(1n)]).flat(),
        pad,
      ),
    ],
    [
      'a list of five million',
      /length of "a" must be at most 4194304, got 5000000/,
      header(0n, 1n, text('a'), uint32(9), uint32(0), uint64(5_000_000n), Buffer.alloc(5_000_000)),
    ],
    [
      'an odd alignment',
      /alignment must be a power of two .* got 33/,
      header(0n, 1n, text('general.alignment'), uint32(4), uint32(33), pad),
    ],
    [
      'a tensor twice',
      /tensor "w": each tensor must be there once/,
      header(2n, 0n, ...one(0, [4n]), ...one(0, [4n], 32n), pad),
    ],
    [
      'a long name',
      /name must have at most 64 bytes/,
      header(1n, 0n, ...one(0, [4n], 0n, 'n'.repeat(65)), pad),
    ],
    ['five axes', /at most 4 axes, got 5/, header(1n, 0n, ...one(0, [1n, 1n, 1n, 1n, 1n]), pad)],
    [
      'an unknown type',
      /tensor "w": its type must be one of F32 \(0\), .* got 10/,
      header(1n, 0n, ...one(10, [256n]), pad),
    ],
    ['a size of 0', /sizes must be positive/, header(1n, 0n, ...one(0, [0n, 4n]), pad)],
    [
      'sizes whose product overflows',
      /sizes must be positive and fit/,
      header(1n, 0n, ...one(0, [2n ** 40n, 2n ** 40n]), pad),
    ],
    [
      'a row that is no whole block',
      /a row of Q4_0 must have a multiple of 32 weights, got 33/,
      header(1n, 0n, ...one(2, [33n]), pad),
    ],
    [
      'overlapping tensors',
      /tensor "v": its place must be 64, got 32/,
      header(2n, 0n, ...one(0, [16n]), ...one(0, [4n], 32n, 'v'), pad),
    ],
    [
      'a misaligned tensor',
      /tensor "w": its place must be 0, got 4/,
      header(1n, 0n, ...one(0, [4n], 4n), pad),
    ],
    [
      'a gap',
      /tensor "v": its place must be 32, got 64/,
      header(2n, 0n, ...one(0, [4n]), ...one(0, [4n], 64n, 'v'), pad),
    ],
    [
      'a tensor beyond the file',
      /must end within the file's \d+ bytes/,
      header(1n, 0n, ...one(0, [400n]), pad),
    ],
  ];
  for (const [name, fault, bytes] of attacks) {
    test(`refuses ${name}`, async () => {
      const file = crafted(bytes);
      await assert.rejects(readGguf(file), (error: Error) => {
        assert.ok(error instanceof GgufError);
        assert.ok(error.message.startsWith(`readGguf: ${file}:`), error.message);
        assert.match(error.message, fault);
        return true;
      });
    });
  }

  test('refuses a file that is missing, or becomes shorter', async () => {
    await assert.rejects(readGguf(path.join(folder, 'none.gguf')), GgufError);
    await assert.rejects(readGguf(folder), /must be a regular file|must be readable/);
    const file = crafted(whole);
    const reader = await readGguf(file);
    truncateSync(file, whole.length - 400);
    await assert.rejects(
      reader.read('Q6_K'),
      /tensor "Q6_K": it must have .* the file became shorter/,
    );
    await reader.close();
  });

  test('every start of a file is refused', () => {
    const end = 1600;
    for (let length = 0; length < end; length++) {
      assert.throws(() => parseHeader(whole.subarray(0, length), length, fail), GgufError);
    }
  });

  const seed = freshSeed();
  test(`20,000 mutants are read or refused by name, seed ${seed}`, () => {
    const random = generator(seed);
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const mutant = Uint8Array.from(whole);
      for (let changes = 1 + random(4); changes > 0; changes--) {
        mutant[random(1600)] = random(2) ? random(256) : 255 * random(2);
      }
      try {
        parseHeader(mutant, mutant.length, fail);
      } catch (error) {
        if (!(error instanceof GgufError)) throw error;
        refused++;
      }
    }
    assert.ok(refused > 5000 && refused < 20_000, `${refused} refused`);
  });
});

function fail(fault: string, tensor?: string): never {
  throw new GgufError('readGguf', fault, { file: 'mutant.gguf', tensor });
}

/** Integers below n, the same for the same seed (a linear congruential generator). */
function generator(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
