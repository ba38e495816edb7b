import type { FileHandle } from 'node:fs/promises';
import { type HostIntegers, widen } from '../../tensor/nn';
import { fill, openFile, readBytes } from '../local';
import type { Fail } from './cursor';
import { GgufError } from './error';
import { type GgufHeader, type GgufTensor, parseHeader } from './header';
import type { GgufValue } from './metadata';
import type { GgufType } from './types';

const CALLER = 'readGguf';
/** Read first; a header with a vocabulary of 50,000 tokens has about 2 MB. */
const FIRST_BYTES = 2 ** 20;
/** Beyond any header; reading more would keep the process busy for seconds. */
const MAX_HEADER_BYTES = 2 ** 26;

/** An open file. Its header is checked; its numbers are read one tensor at a time. */
export interface GgufReader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** by name, in the order of their bytes */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /**
   * The numbers of one tensor, row by row, widened to float32. NaN and infinity are returned as they are.
   * @throws GgufError if there is no such tensor, or the file has become shorter
   */
  read(name: string): Promise<Float32Array>;
  /**
   * The integers of one tensor, their scales and offsets: exactly its numbers. Null if its type is a float's.
   * @throws GgufError as `read`
   */
  readIntegers(name: string): Promise<HostIntegers | null>;
  close(): Promise<void>;
}

/**
 * Opens a GGUF file of version 2 or 3 and trusts nothing in it: counts, lengths, types, sizes and
 * places are checked against the file's size before anything of a size that they name is allocated.
 * The caller closes the reader.
 * @throws GgufError naming the file, the tensor, the value and its limit
 */
export async function readGguf(file: string): Promise<GgufReader> {
  const fail: Fail = (fault, tensor) => {
    throw new GgufError(CALLER, fault, { file, tensor });
  };
  const { handle, size } = await openFile(file, (fault, cause) => {
    throw new GgufError(CALLER, fault, { file, cause });
  });
  try {
    const { metadata, tensors } = await readHeader(handle, size, fail);
    const find = (name: string) =>
      tensors.get(name) ?? fail('it must be in the file, but is not.', name);
    const unpack = async (name: string) => {
      const tensor = find(name);
      const bytes = await readBytes(handle, tensor, (fault) => fail(fault, name));
      return unpackTensor(bytes, tensor.type);
    };
    const read = async (name: string) => {
      const numbers = await unpack(name);
      return numbers instanceof Float32Array ? numbers : widen(numbers);
    };
    const readIntegers = async (name: string) => {
      if (typeof find(name).type.content === 'function') return null;
      const numbers = await unpack(name);
      return numbers instanceof Float32Array ? null : numbers;
    };
    return { metadata, tensors, read, readIntegers, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHeader(handle: FileHandle, size: number, fail: Fail): Promise<GgufHeader> {
  const most = Math.min(size, MAX_HEADER_BYTES);
  for (let length = Math.min(FIRST_BYTES, most); ; length = Math.min(2 * length, most)) {
    const bytes = new Uint8Array(length);
    if ((await fill(bytes, handle, 0)) < length) {
      fail(`the file must have ${size} bytes: it became shorter.`);
    }
    const header = parseHeader(bytes, size, fail);
    if (header) return header;
    if (length === most) fail(`the header must end within ${most} bytes.`);
  }
}

function unpackTensor(bytes: Uint8Array, type: GgufType): Float32Array | HostIntegers {
  const { content, weights: step } = type;
  const weights = (bytes.length / type.bytes) * step;
  const block = (at: number) => new DataView(bytes.buffer, (at / step) * type.bytes, type.bytes);
  if (typeof content === 'function') {
    const values = new Float32Array(weights);
    for (let at = 0; at < weights; at += step) values[at] = content(block(at));
    return values;
  }
  const { blockSize, hasOffsets, unpack } = content;
  const blocks = weights / blockSize;
  const offsets = new Float32Array(hasOffsets ? blocks : 0);
  const into = { codes: new Int8Array(weights), scales: new Float32Array(blocks), offsets };
  for (let at = 0; at < weights; at += step) unpack(block(at), into, at);
  return { ...into, type: content.type, blockSize, offsets: hasOffsets ? offsets : null };
}
