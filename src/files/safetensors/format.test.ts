/* What the format allows, although few files have it. */
import assert from 'node:assert/strict';
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readSafetensors } from './read-safetensors';

const folder = mkdtempSync(path.join(tmpdir(), 'safetensors-format-'));
after(() => rmSync(folder, { recursive: true }));

/** A file with this header and so many bytes of data. */
function craft(header: string, dataBytes: number): string {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(header.length));
  const file = path.join(folder, 'crafted.safetensors');
  writeFileSync(file, Buffer.concat([start, Buffer.from(header), Buffer.alloc(dataBytes)]));
  return file;
}

const entry = (shape: number[], offsets: number[], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('readSafetensors', () => {
  const dtypes: [string, number][] = [
    ['F8_E8M0', 1],
    ['F8_E4M3FNUZ', 1],
    ['F8_E5M2FNUZ', 1],
    ['F4', 1 / 2],
    ['F6_E2M3', 3 / 4],
    ['F6_E3M2', 3 / 4],
    ['C64', 8],
    ['F31', 5], // not of the format: any number of bytes
    ['toString', 3],
    ['__proto__', 3],
  ];
  for (const [dtype, bytes] of dtypes) {
    test(`a tensor of ${dtype} keeps nobody from reading the others`, async () => {
      const end = 8 * bytes;
      const header = `{"a":${entry([2, 4], [0, end], dtype)},"b":${entry([1], [end, end + 4])}}`;
      const reader = await readSafetensors(craft(header, end + 4));
      assert.deepEqual(reader.tensors.get('a'), { dtype, shape: [2, 4], begin: 0, end });
      assert.deepEqual(Array.from(await reader.read('b')), [0]);
      await assert.rejects(
        reader.read('a'),
        new RegExp(`"a": dtype must be F32, F16 or BF16 to be read, got "${dtype}"`),
      );
      await reader.close();
    });
  }

  test('takes metadata that is null, as files of other programs have it', async () => {
    const reader = await readSafetensors(
      craft(`{"__metadata__":null,"w":${entry([1], [0, 4])}}`, 4),
    );
    assert.deepEqual([reader.metadata, [...reader.tensors.keys()]], [{}, ['w']]);
    await reader.close();
  });

  test("takes a header up to the format's own limit of 100 MB, and no longer one", async () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => {
      return `"${'x'.repeat(340)}.${i}":${entry([1], [4 * i, 4 * i + 4])}`;
    });
    const header = `{${entries.join()}}`;
    assert.ok(header.length > 37_500_000, `${header.length} bytes`);
    const file = craft(header, 4 * entries.length);
    const reader = await readSafetensors(file);
    assert.equal(reader.tensors.size, entries.length);
    assert.deepEqual(Array.from(await reader.read(`${'x'.repeat(340)}.99999`)), [0]);
    await reader.close();
    truncateSync(file, 100_000_100);
    const start = Buffer.alloc(8);
    for (const [length, message] of [
      [100_000_000, /must be JSON/],
      [100_000_001, /length must be at most 100000000 in a file of 100000100 bytes, got 100000001/],
    ] as const) {
      start.writeBigUInt64LE(BigInt(length));
      const handle = openSync(file, 'r+');
      writeSync(handle, start, 0, 8, 0);
      closeSync(handle);
      await assert.rejects(readSafetensors(file), message);
    }
    rmSync(file);
  });
});
