import { quote } from '../../tensor/errors';
import { encodeFloat16 } from '../../tensor/runtime';
import { writeFault, writeFileAtomically } from '../local';
import { SafetensorsError } from './error';

const CALLER = 'writeSafetensors';
const BYTES = { F32: 4, F16: 2 };

/** One tensor for a file. */
export interface TensorToWrite {
  shape: readonly number[];
  /** row by row */
  values: Float32Array;
  /** F16 rounds to nearest, ties to even */
  dtype?: 'F32' | 'F16';
}

/**
 * Writes tensors to a safetensors file, whole or not at all: if anything fails, the file that was
 * there before is as it was. The bytes are those that Python's safetensors writes.
 * @throws SafetensorsError if a shape doesn't fit its values, a finite value is too large for
 *   F16, or the file can't be written
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [tensor, toWrite] of tensors) checkTensor(toWrite, { file, tensor });
  const ordered = [...tensors].sort(byDtypeThenName);
  const chunks = [encodeHeader(ordered, metadata), ...ordered.map(([, tensor]) => tensor)];
  await writeFileAtomically(file, encodeChunks(chunks)).catch((cause: Error) => {
    throw new SafetensorsError(
      CALLER,
      `the file must be writable: ${writeFault(cause)}. What was there before is unchanged.`,
      { file, cause },
    );
  });
}

function checkTensor(
  { shape, values, dtype = 'F32' }: TensorToWrite,
  place: { file: string; tensor: string },
): void {
  const fail = (fault: string): never => {
    throw new SafetensorsError(CALLER, fault, place);
  };
  if (place.tensor === '__metadata__') fail('its name must not be __metadata__.');
  const sizes = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!sizes || shape.reduce((product, size) => product * size, 1) !== values.length) {
    fail(`shape must hold its ${values.length} values, got [${shape.join(', ')}].`);
  }
  if (!Object.hasOwn(BYTES, dtype)) {
    fail(`dtype must be ${Object.keys(BYTES).join(' or ')}, got ${quote(dtype)}.`);
  }
  if (dtype === 'F32') return;
  // From 65520 on, numbers round to infinity.
  const large = values.find((value) => Math.abs(value) >= 65520 && Math.abs(value) < Infinity);
  if (large !== undefined) {
    fail(`each value must be below 65520 for F16, got ${large}. Write the tensor as F32.`);
  }
}

/** Python's order; the wide dtype first keeps every tensor aligned. */
function byDtypeThenName(
  [nameA, { dtype: a = 'F32' }]: [string, TensorToWrite],
  [nameB, { dtype: b = 'F32' }]: [string, TensorToWrite],
): number {
  return BYTES[b] - BYTES[a] || Buffer.compare(Buffer.from(nameA), Buffer.from(nameB));
}

function encodeHeader(
  tensors: [string, TensorToWrite][],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  // Built from text: an object would put a name like "0" before the others.
  const entries = metadata ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const [name, { shape, values, dtype = 'F32' }] of tensors) {
    const begin = end;
    end += values.length * BYTES[dtype];
    const entry = { dtype, shape, data_offsets: [begin, end] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const json = Buffer.from(`{${entries.join()}}`);
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

/** One at a time, so that at most one tensor is held twice. */
function* encodeChunks(chunks: (Uint8Array | TensorToWrite)[]): Generator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk instanceof Uint8Array ? chunk : encodeValues(chunk);
  }
}

function encodeValues({ values, dtype }: TensorToWrite): Uint8Array {
  if (dtype !== 'F16') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const stored = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) stored[i] = encodeFloat16(values[i] as number);
  return new Uint8Array(stored.buffer);
}
