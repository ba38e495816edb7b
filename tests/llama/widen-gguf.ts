import { type FileHandle, open, readFile } from 'node:fs/promises';
import { readGguf } from '../../src/files/gguf';

const FLOAT32 = 0;
const ALIGNMENT = 32;

/**
 * Writes a GGUF file with the same metadata and the same weights in float32: llama.cpp then computes
 * with them in float32, while it rounds what it multiplies with packed weights to 8 bits.
 */
export async function widenGguf(file: string, to: string): Promise<void> {
  const reader = await readGguf(file);
  const out = await open(to, 'w');
  try {
    await out.write(await headerOf(file, [...reader.tensors]));
    for (const name of reader.tensors.keys()) {
      const values = await reader.read(name);
      await out.write(new Uint8Array(values.buffer));
      await pad(out, 4 * values.length);
    }
  } finally {
    await reader.close();
    await out.close();
  }
}

type Entry = [name: string, tensor: { shape: number[] }];

/** The file's header up to its tensors, then their entries. */
async function headerOf(file: string, tensors: Entry[]): Promise<Buffer> {
  const bytes = await readFile(file);
  const starts = tensors.map(([name]) => bytes.indexOf(textOf(name)));
  const parts: Uint8Array[] = [bytes.subarray(0, Math.min(...starts))];
  let place = 0;
  for (const [name, { shape }] of tensors) {
    const axes = Buffer.alloc(4 + 8 * shape.length + 12);
    axes.writeUInt32LE(shape.length);
    [...shape].reverse().forEach((size, i) => axes.writeBigUInt64LE(BigInt(size), 4 + 8 * i));
    axes.writeUInt32LE(FLOAT32, 4 + 8 * shape.length);
    axes.writeBigUInt64LE(BigInt(place), 8 + 8 * shape.length);
    parts.push(textOf(name), axes);
    place += padded(4 * shape.reduce((a, b) => a * b));
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length)]);
}

/** A text as GGUF has it: its length, then its bytes. */
function textOf(text: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text)]);
}

async function pad(out: FileHandle, bytes: number): Promise<void> {
  const missing = padded(bytes) - bytes;
  if (missing > 0) await out.write(Buffer.alloc(missing));
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
