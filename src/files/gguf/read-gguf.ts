import type { FileHandle } from 'node:fs/promises';
import { fill, openFile, readBytes } from '../local';
import type { Fail } from './cursor';
import { GgufError } from './error';
import { type GgufHeader, type GgufTensor, parseHeader } from './header';
import type { GgufValue } from './metadata';

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
    const read = (name: string) => {
      const tensor = tensors.get(name);
      return tensor
        ? readTensor(handle, tensor, (fault) => fail(fault, name))
        : fail('it must be in the file, but is not.', name);
    };
    return { metadata, tensors, read: async (name) => read(name), close: () => handle.close() };
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

async function readTensor(
  handle: FileHandle,
  tensor: GgufTensor,
  fail: (fault: string) => never,
): Promise<Float32Array> {
  const { type } = tensor;
  const bytes = await readBytes(handle, tensor, fail);
  const values = new Float32Array((bytes.length / type.bytes) * type.weights);
  for (let at = 0, place = 0; at < values.length; at += type.weights, place += type.bytes) {
    type.unpack(new DataView(bytes.buffer, place, type.bytes), values, at);
  }
  return values;
}
