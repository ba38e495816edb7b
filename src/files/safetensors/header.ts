import { quote } from '../../tensor/errors';
import { findDuplicateKey } from './duplicate-key';

/** Bytes per number, for every dtype a header may name. */
const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** How a tensor's numbers are stored, in safetensors' own words. */
export type Dtype = keyof typeof BYTES;

/** A tensor's entry in the header; all of it is checked. */
export interface TensorInfo {
  dtype: Dtype;
  shape: number[];
  /** where its bytes begin and end, counted from the first byte after the header */
  begin: number;
  end: number;
}

/** The header of a file: tensors in the order of their bytes. */
export interface Header {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

/** Throws an error that names the file, and the tensor if one is given. */
export type Fail = (fault: string, tensor?: string) => never;

/** Reads the header's JSON and holds it against the bytes that follow it. */
export function parseHeader(bytes: Uint8Array, dataBytes: number, fail: Fail): Header {
  const { __metadata__: metadata = {}, ...entries } = parseJson(bytes, fail);
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, checkEntry(entry, (fault) => fail(fault, name))] as const,
  );
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkLayout(tensors, dataBytes, fail);
  return { tensors: new Map(tensors), metadata: checkMetadata(metadata, fail) };
}

function parseJson(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text = '';
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (error) {
    fail(`the header must be JSON in UTF-8, got ${(error as Error).message}.`);
  }
  if (!isRecord(json)) fail(`the header must be a JSON object, got ${quote(json)}.`);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) fail(`each key of the header must be there once.`, duplicate);
  return json;
}

function checkEntry(entry: unknown, fail: (fault: string) => never): TensorInfo {
  if (!isRecord(entry)) fail(`its entry must be a JSON object, got ${quote(entry)}.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    fail(`dtype must be one of ${Object.keys(BYTES).join(', ')}, got ${quote(dtype)}.`);
  }
  if (!isSizes(shape)) fail(`shape must be a list of sizes, got ${quote(shape)}.`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    fail(`data_offsets must be two positions, got ${quote(offsets)}.`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, BYTES[dtype]);
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    fail(
      `data_offsets must span ${bytes} bytes, for ${dtype} ${quote(shape)}, got ${end - begin}.`,
    );
  }
  return { dtype, shape, begin, end };
}

/** The tensors must fill the bytes after the header: no gap, no overlap, nothing beyond. */
function checkLayout(
  tensors: (readonly [string, TensorInfo])[],
  dataBytes: number,
  fail: Fail,
): void {
  let filled = 0;
  for (const [name, { begin, end }] of tensors) {
    if (begin !== filled) {
      const fault = begin < filled ? 'an overlap' : 'a gap';
      fail(`its bytes must begin at ${filled}, got ${begin}: ${fault}.`, name);
    }
    if (end > dataBytes) {
      fail(`its bytes must end at ${dataBytes}, the file's end, or before, got ${end}.`, name);
    }
    filled = end;
  }
  if (filled !== dataBytes) {
    fail(`the tensors must fill the ${dataBytes} bytes after the header, got ${filled}.`);
  }
}

function checkMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (isRecord(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  return fail(`__metadata__ must map text to text, got ${quote(metadata)}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(BYTES, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
