import { quote } from '../../tensor/errors';
import { Cursor, type Fail, RanOut } from './cursor';
import { type GgufValue, readMetadata } from './metadata';
import { type GgufType, TYPES } from './types';

const MAGIC = 0x46554747; // "GGUF"
const BYTE_SWAPPED = 0x47475546;
const VERSIONS = [2, 3];
const MAX_AXES = 4;
const MAX_NAME_BYTES = 64;
/** The least that a key with its value, and an entry of a tensor, take. */
const [KEY_BYTES, ENTRY_BYTES] = [13, 32];

/** A tensor's entry in the header; all of it is checked. */
export interface GgufTensor {
  type: GgufType;
  /** rows first, the last axis within a row: [out, in] of a linear layer */
  shape: number[];
  /** where its bytes begin and end in the file */
  begin: number;
  end: number;
}

/** The header of a file: tensors in the order of their bytes. */
export interface GgufHeader {
  metadata: Map<string, GgufValue>;
  tensors: Map<string, GgufTensor>;
}

/**
 * Reads the header from the first bytes of a file, and holds it against the file's size.
 * @returns null if the header goes on beyond these bytes
 */
export function parseHeader(bytes: Uint8Array, fileSize: number, fail: Fail): GgufHeader | null {
  try {
    return readHeader(new Cursor(bytes, fileSize, fail), fileSize);
  } catch (error) {
    if (error instanceof RanOut) return null;
    throw error;
  }
}

function readHeader(cursor: Cursor, fileSize: number): GgufHeader {
  const { fail } = cursor;
  const magic = cursor.uint32();
  if (magic === BYTE_SWAPPED) fail('the file must be little-endian, got big-endian.');
  if (magic !== MAGIC) fail('the file must begin with GGUF. Is it a GGUF file?');
  const version = cursor.uint32();
  if (!VERSIONS.includes(version)) {
    fail(`the version must be ${VERSIONS.join(' or ')}, got ${version}.`);
  }
  const tensorCount = cursor.count('the number of tensors', ENTRY_BYTES);
  const keyCount = cursor.count('the number of keys', KEY_BYTES);
  const metadata = readMetadata(cursor, keyCount);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < tensorCount; i++) {
    const [name, entry] = readEntry(cursor, i);
    if (entries.has(name)) fail('each tensor must be there once.', name);
    entries.set(name, entry);
  }
  return { metadata, tensors: place(cursor, entries, alignmentOf(metadata, fail), fileSize) };
}

/** An entry whose place counts from the data's start. */
type Entry = Pick<GgufTensor, 'type' | 'shape'> & { offset: number; bytes: number };

function readEntry(cursor: Cursor, index: number): [name: string, entry: Entry] {
  const name = cursor.text(`the name of tensor ${index + 1}`);
  const fail = (fault: string): never => cursor.fail(fault, name);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    fail(`its name must have at most ${MAX_NAME_BYTES} bytes.`);
  }
  const axes = cursor.uint32();
  if (axes > MAX_AXES) fail(`it must have at most ${MAX_AXES} axes, got ${axes}.`);
  const sizes = Array.from({ length: axes }, () => cursor.uint64('a size'));
  const number = cursor.uint32();
  const type = TYPES.get(number);
  if (!type) {
    const known = [...TYPES].map(([key, { name: word }]) => `${word} (${key})`).join(', ');
    return fail(`its type must be one of ${known}, got ${number}.`);
  }
  const [row = 1] = sizes;
  if (row % type.weights !== 0) {
    fail(`a row of ${type.name} must have a multiple of ${type.weights} weights, got ${row}.`);
  }
  const weights = sizes.reduce((product, size) => product * size, 1);
  const bytes = (weights / type.weights) * type.bytes;
  if (sizes.includes(0) || !Number.isSafeInteger(bytes)) {
    fail(`its sizes must be positive and fit a file, got ${quote(sizes)}.`);
  }
  const offset = cursor.uint64('its place');
  return [name, { type, shape: sizes.reverse(), offset, bytes }];
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, fail: Fail): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  const isPower = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment));
  if (isPower && alignment >= 1 && alignment <= 2 ** 16) return alignment;
  return fail(`general.alignment must be a power of two up to 65536, got ${String(alignment)}.`);
}

/** The tensors must follow one another, each at the next multiple of the alignment. */
function place(
  cursor: Cursor,
  entries: ReadonlyMap<string, Entry>,
  alignment: number,
  fileSize: number,
): Map<string, GgufTensor> {
  const aligned = (at: number) => Math.ceil(at / alignment) * alignment;
  const dataStart = aligned(cursor.position);
  let filled = 0;
  const tensors = [...entries].sort(([, a], [, b]) => a.offset - b.offset);
  return new Map(
    tensors.map(([name, { type, shape, offset, bytes }]) => {
      if (offset !== filled) cursor.fail(`its place must be ${filled}, got ${offset}.`, name);
      const begin = dataStart + offset;
      const end = begin + bytes;
      if (end > fileSize) {
        cursor.fail(`it must end within the file's ${fileSize} bytes, got ${end}.`, name);
      }
      filled = aligned(offset + bytes);
      return [name, { type, shape, begin, end }];
    }),
  );
}
