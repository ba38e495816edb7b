import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { FIXTURES } from '../../../tests/fixture';
import { SafetensorsError } from './error';
import { readSafetensors } from './read-safetensors';
import { type TensorToWrite, writeSafetensors } from './write-safetensors';

const folder = mkdtempSync(path.join(tmpdir(), 'safetensors-'));
after(() => rmSync(folder, { recursive: true }));

/** Every tensor of a file that can be read. */
async function readAll(file: string): Promise<Record<string, number[]>> {
  const reader = await readSafetensors(file);
  const all: Record<string, number[]> = {};
  for (const [name, { dtype }] of reader.tensors) {
    if (/F/.test(dtype)) all[name] = Array.from(await reader.read(name));
  }
  await reader.close();
  return all;
}

/** A file with this header (text or bytes) and so many bytes of data. */
function craft(header: string | Uint8Array, dataBytes: number, length?: bigint): string {
  const json = Buffer.from(header);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(json.length));
  const file = path.join(folder, 'crafted.safetensors');
  writeFileSync(file, Buffer.concat([start, json, Buffer.alloc(dataBytes)]));
  return file;
}

function entry(shape: unknown, offsets: unknown, dtype: unknown = 'F32'): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

describe('readSafetensors', () => {
  test("agrees with Python's safetensors", async () => {
    const file = path.join(FIXTURES, 'dtypes.safetensors');
    const reader = await readSafetensors(file);
    assert.deepEqual(reader.metadata, { format: 'pt' });
    assert.deepEqual(reader.tensors.get('matrix')?.shape, [2, 3]);
    assert.deepEqual(reader.tensors.get('scalar')?.shape, []);
    assert.deepEqual(reader.tensors.get('empty')?.shape, [0, 3]);
    await assert.rejects(reader.read('counts'), /tensor "counts": dtype must be F32.*got "I64"/);
    await assert.rejects(reader.read('mask'), /tensor "mask": dtype must be F32.*got "BOOL"/);
    await assert.rejects(reader.read('absent'), SafetensorsError);
    await reader.close();

    const all = await readAll(file);
    assert.deepEqual(all.half, all.half_exact);
    assert.deepEqual(all.brain, all.brain_exact);
    assert.equal(all.half?.length, 219);
    assert.deepEqual(all.not_finite, [Infinity, -Infinity, NaN]);
    assert.deepEqual(all.matrix, [0, 0.25, 0.5, 0.75, 1, 1.25]);
    assert.deepEqual(all.scalar, [-1.25]);
    assert.deepEqual(all.empty, []);
  });

  const one = `{"w":${entry([2, 3], [0, 24])}}`;

  test('takes a header with padding and without metadata', async () => {
    assert.deepEqual(await readAll(craft(`${one}   `, 24)), { w: [0, 0, 0, 0, 0, 0] });
    assert.deepEqual(await readAll(craft('{}', 0)), {});
  });

  const two = (a: string, b: string) => `{"a":${a},"b":${b}}`;
  const attacks: [string, RegExp, ...Parameters<typeof craft>][] = [
    ['header length beyond the file', /length must be at most 105 .* got 111/, one, 48, 111n],
    [
      'header length of 2^64 - 1',
      /length must be .* got 18446744073709551615/,
      one,
      24,
      2n ** 64n - 1n,
    ],
    ['header of zero bytes', /must be JSON/, '', 0],
    ['no JSON', /must be JSON in UTF-8/, '{"w":', 0],
    ['no UTF-8', /must be JSON in UTF-8/, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0],
    ['a list', /must be a JSON object, got \[\]/, '[]', 0],
    [
      'a name twice',
      /"w": each key .* once/,
      `{"w":${entry([], [0, 4])},"\\u0077":${entry([], [0, 4])}}`,
      4,
    ],
    ['a key of an entry twice', /"shape": each key .* once/, '{"w":{"shape":[1],"shape":[2]}}', 8],
    ['an entry that is no object', /"w": its entry must be .* got 7/, '{"w":7}', 0],
    [
      'a dtype that is no text',
      /"w": dtype must be text, got 7/,
      `{"w":${entry([1], [0, 4], 7)}}`,
      4,
    ],
    ['no dtype', /dtype must be text, got nothing/, '{"w":{"shape":[1],"data_offsets":[0,4]}}', 4],
    [
      'half a byte',
      /must span 1.5 bytes, for F4 \[3\], got 2/,
      `{"w":${entry([3], [0, 2], 'F4')}}`,
      2,
    ],
    [
      'offsets of an unknown dtype the wrong way round',
      /"w": data_offsets must be begin and end, got \[4,0\]/,
      `{"w":${entry([1], [4, 0], 'F31')}}`,
      4,
    ],
    [
      'an unknown dtype with bytes beyond the file',
      /"w": its bytes must end at 4/,
      `{"w":${entry([1], [0, 5], 'F31')}}`,
      4,
    ],
    [
      'a negative size',
      /"w": shape must be .* got \[-1,-1\]/,
      `{"w":${entry([-1, -1], [0, 4])}}`,
      4,
    ],
    [
      'a fractional size',
      /"w": shape must be .* got \[0.5,2\]/,
      `{"w":${entry([0.5, 2], [0, 4])}}`,
      4,
    ],
    ['a size beyond 2^53', /"w": shape must be/, `{"w":${entry([2 ** 60], [0, 4])}}`, 4],
    [
      'a product beyond 2^53',
      /"w": data_offsets must span/,
      `{"w":${entry([2 ** 50, 2 ** 50], [0, 4])}}`,
      4,
    ],
    [
      'a product that wraps to 4 bytes at 2^64',
      /must span/,
      `{"w":${entry([2 ** 32 + 1, 2 ** 32], [0, 4])}}`,
      4,
    ],
    [
      'no shape',
      /"w": shape must be .* got nothing/,
      '{"w":{"dtype":"F32","data_offsets":[0,4]}}',
      4,
    ],
    ['three offsets', /"w": data_offsets must be two/, `{"w":${entry([1], [0, 4, 8])}}`, 8],
    ['a negative offset', /"w": data_offsets must be two/, `{"w":${entry([1], [-4, 0])}}`, 4],
    ['an offset as text', /"w": data_offsets must be two/, `{"w":${entry([1], ['0', '4'])}}`, 4],
    [
      'offsets the wrong way round',
      /"w": data_offsets must span 4 .* got -4/,
      `{"w":${entry([1], [4, 0])}}`,
      4,
    ],
    [
      'a shape larger than its bytes',
      /"w": data_offsets must span 1600 .* got 24/,
      `{"w":${entry([400], [0, 24])}}`,
      24,
    ],
    ['bytes beyond the file', /"w": its bytes must end at 23/, one, 23],
    ['bytes that no tensor has', /must fill the 25 bytes .* got 24/, one, 25],
    ['a gap', /"b": .* begin at 4, got 8: a gap/, two(entry([1], [0, 4]), entry([1], [8, 12])), 12],
    [
      'an overlap',
      /"b": .* begin at 8, got 4: an overlap/,
      two(entry([2], [0, 8]), entry([2], [4, 12])),
      12,
    ],
    [
      'two tensors in the same bytes',
      /"b": .* an overlap/,
      two(entry([1], [0, 4]), entry([1], [0, 4])),
      4,
    ],
    [
      'metadata that is no text',
      /__metadata__ must map text to text/,
      '{"__metadata__":{"a":1}}',
      0,
    ],
  ];
  for (const [what, message, ...file] of attacks) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(readSafetensors(craft(...file)), (error: Error) => {
        assert.ok(error instanceof SafetensorsError, String(error));
        assert.match(error.message, message);
        assert.match(error.message, /^readSafetensors: .*crafted\.safetensors: /);
        return true;
      });
    });
  }

  test('names the tensor and the file in properties too, and keeps a message short', async () => {
    const name = 'w'.repeat(10_000);
    const file = craft(`{"${name}":${entry(['x'.repeat(10_000)], [0, 4])}}`, 4);
    await assert.rejects(readSafetensors(file), (error: SafetensorsError) => {
      assert.deepEqual([error.file, error.tensor], [file, name]);
      return error.message.length < 500;
    });
  });

  test('refuses files of up to 8 bytes, a folder, a file that is not there', async () => {
    const file = craft(one, 24);
    truncateSync(file, 7);
    await assert.rejects(readSafetensors(file), /must have more than 8 bytes, got 7/);
    truncateSync(file, 0);
    await assert.rejects(readSafetensors(file), SafetensorsError);
    await assert.rejects(readSafetensors(folder), SafetensorsError);
    await assert.rejects(
      readSafetensors(`${file}.no`),
      /must be there, but its folder only holds .*crafted/,
    );
  });

  test('a file cut at any byte is refused', async () => {
    const whole = readFileSync(path.join(FIXTURES, 'written.safetensors'));
    const file = path.join(folder, 'cut.safetensors');
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      await assert.rejects(readSafetensors(file), SafetensorsError, `${length} bytes`);
    }
  });

  test('a file that becomes shorter after it was opened is refused', async () => {
    const file = craft(one, 24);
    const reader = await readSafetensors(file);
    truncateSync(file, 80);
    await assert.rejects(reader.read('w'), /"w": it must have 24 bytes, got \d+: the file became/);
    await reader.close();
  });

  test('any change of one byte of the header gives a typed error or a whole file', async () => {
    const whole = readFileSync(path.join(FIXTURES, 'written.safetensors'));
    const file = path.join(folder, 'changed.safetensors');
    const headerEnd = 8 + Number(whole.readBigUInt64LE());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(headerEnd - 1),
        fc.integer({ min: 1, max: 255 }),
        async (position, change) => {
          const changed = Buffer.from(whole);
          changed[position] = (changed[position] as number) ^ change;
          writeFileSync(file, changed);
          await readAll(file).catch((error) => assert.ok(error instanceof SafetensorsError));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('writeSafetensors', () => {
  const tensors = new Map<string, TensorToWrite>([
    ['ä', { shape: [2, 0], values: new Float32Array() }],
    ['a.0', { shape: [2], values: Float32Array.of(1, 1 / 3), dtype: 'F16' }],
    ['b', { shape: [1, 3], values: Float32Array.of(0.5, -1.5, 2) }],
    ['a', { shape: [], values: Float32Array.of(7) }],
  ]);
  const file = path.join(folder, 'out.safetensors');

  test('writes the bytes that Python writes', async () => {
    await writeSafetensors(file, tensors, { format: 'pt' });
    assert.deepEqual(readFileSync(file), readFileSync(path.join(FIXTURES, 'written.safetensors')));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('round trip: float32 to the bit, float16 as PyTorch rounds', async () => {
    const python = await readAll(path.join(FIXTURES, 'dtypes.safetensors'));
    const values = Float32Array.from(python.wide ?? []);
    const shape = [values.length];
    const odd = Float32Array.of(NaN, Infinity, -Infinity, -0);
    const all = [
      ['wide', { shape, values }],
      ['half', { shape, values, dtype: 'F16' }],
      ['odd', { shape: [2, 2], values: odd }],
      ['odd half', { shape: [4], values: odd, dtype: 'F16' }],
      ['part', { shape: [2], values: values.subarray(2, 4) }],
      ['0', { shape: [1, 1], values: Float32Array.of(3) }],
    ] as const;
    await writeSafetensors(file, new Map<string, TensorToWrite>(all));
    const back = await readAll(file);
    assert.deepEqual(back.wide, python.wide);
    assert.deepEqual(back.half, python.half_exact);
    assert.deepEqual(back.odd, Array.from(odd));
    assert.deepEqual(back['odd half'], Array.from(odd));
    assert.deepEqual(back.part, python.wide?.slice(2, 4));
    assert.deepEqual(back['0'], [3]);
  });

  test('refuses what does not fit, and leaves the file that was there', async () => {
    await writeSafetensors(file, tensors);
    const before = readFileSync(file);
    const bad: [string, TensorToWrite, RegExp][] = [
      ['w', { shape: [2], values: new Float32Array(3) }, /"w": shape must hold its 3 .* got \[2\]/],
      ['w', { shape: [-1, -3], values: new Float32Array(3) }, /"w": shape must/],
      ['w', { shape: [1], values: Float32Array.of(-65520), dtype: 'F16' }, /below 65520 .* -65520/],
      ['__metadata__', { shape: [1], values: Float32Array.of(1) }, /must not be __metadata__/],
      ['w', { shape: [1], values: Float32Array.of(1), dtype: 'BF16' as 'F16' }, /F32 or F16/],
    ];
    for (const [name, tensor, message] of bad) {
      await assert.rejects(writeSafetensors(file, new Map([...tensors, [name, tensor]])), message);
      assert.deepEqual(readFileSync(file), before);
    }
    const nowhere = path.join(folder, 'nowhere', 'x.safetensors');
    await assert.rejects(writeSafetensors(nowhere, tensors), SafetensorsError);
  });

  test('a disk that fills up: an error, the old file whole, nothing left behind', async () => {
    if (process.platform === 'win32') return;
    await writeSafetensors(file, tensors);
    const before = readFileSync(file);
    const entries = readdirSync(folder);
    // A limit on the size of files simulates the full disk: the write fails half way.
    const program = `
      const { writeSafetensors } = require(${JSON.stringify(__dirname)});
      const values = new Float32Array(100_000);
      writeSafetensors(${JSON.stringify(file)}, new Map([['w', { shape: [100_000], values }]]))
        .then(() => console.log('written'), (error) => console.log(error.name, error.message));`;
    const { stdout } = spawnSync(
      'sh',
      ['-c', `trap '' XFSZ; ulimit -f 16; exec "$0" -e "$1"`, process.execPath, program],
      { encoding: 'utf8' },
    );
    assert.match(stdout, /SafetensorsError .* must be writable: EFBIG.* before is unchanged/);
    assert.deepEqual(readFileSync(file), before);
    assert.deepEqual(readdirSync(folder), entries);
  });
});
