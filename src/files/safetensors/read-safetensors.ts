import type { FileHandle } from 'node:fs/promises';
import { quote } from '../../tensor/errors';
import { decodeBfloat16, decodeFloat16 } from '../../tensor/runtime';
import { fill, openFile, readBytes } from '../local';
import { SafetensorsError } from './error';
import { type Fail, type Header, parseHeader, type TensorInfo } from './header';

const CALLER = 'readSafetensors';
const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000; // the format's own limit; a header of a 124M GPT-2 has 15,000

/** An open file. Its header is checked; its numbers are read one tensor at a time. */
export interface SafetensorsReader {
  /** by name, in the order of their bytes */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The numbers of one tensor, row by row. NaN and infinity are returned as they are.
   * @throws SafetensorsError if there is no such tensor, it is not F32, F16 or BF16, or the file
   *   has become shorter
   */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and trusts nothing in it. Lengths, JSON, shapes and offsets are checked
 * against the file's size before anything of a size that it names is allocated. Dtypes matter only
 * for the tensors that are read.
 * The caller closes the reader.
 * @throws SafetensorsError naming the file, the tensor, the value and its limit
 */
export async function readSafetensors(file: string): Promise<SafetensorsReader> {
  const fail: Fail = (fault, tensor) => {
    throw new SafetensorsError(CALLER, fault, { file, tensor });
  };
  const { handle, size } = await openFile(file, (fault, cause) => {
    throw new SafetensorsError(CALLER, fault, { file, cause });
  });
  try {
    const { header, dataStart } = await readHeader(handle, size, fail);
    return new OpenFile(handle, header, dataStart, fail);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class OpenFile implements SafetensorsReader {
  readonly tensors: Header['tensors'];
  readonly metadata: Header['metadata'];

  constructor(
    private readonly handle: FileHandle,
    header: Header,
    private readonly dataStart: number,
    private readonly fail: Fail,
  ) {
    this.tensors = header.tensors;
    this.metadata = header.metadata;
  }

  async read(name: string): Promise<Float32Array> {
    const info = this.tensors.get(name);
    if (!info) return this.fail('it must be in the file, but is not.', name);
    const { dtype, begin, end } = info;
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
      return this.fail(`dtype must be F32, F16 or BF16 to be read, got ${quote(dtype)}.`, name);
    }
    const place = { begin: this.dataStart + begin, end: this.dataStart + end };
    const bytes = await readBytes(this.handle, place, (fault) => this.fail(fault, name));
    // Files are little-endian, as is every machine that Node runs our accelerators on.
    if (dtype === 'F32') return new Float32Array(bytes.buffer);
    const decode = dtype === 'F16' ? decodeFloat16 : decodeBfloat16;
    const stored = new Uint16Array(bytes.buffer);
    const values = new Float32Array(stored.length);
    for (let i = 0; i < stored.length; i++) values[i] = decode(stored[i] as number);
    return values;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function readHeader(
  handle: FileHandle,
  size: number,
  fail: Fail,
): Promise<{ header: Header; dataStart: number }> {
  const start = new Uint8Array(LENGTH_BYTES);
  if ((await fill(start, handle, 0)) < LENGTH_BYTES) {
    fail(`the file must have more than ${LENGTH_BYTES} bytes, got ${size}.`);
  }
  const length = new DataView(start.buffer).getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES);
  if (length > limit) {
    fail(`the header's length must be at most ${limit} in a file of ${size} bytes, got ${length}.`);
  }
  const bytes = new Uint8Array(Number(length));
  const dataStart = LENGTH_BYTES + bytes.length;
  if ((await fill(bytes, handle, LENGTH_BYTES)) < bytes.length) {
    fail(`the header must have ${bytes.length} bytes: the file became shorter.`);
  }
  return { header: parseHeader(bytes, size - dataStart, fail), dataStart };
}
