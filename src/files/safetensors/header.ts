import { quote } from '../../tensor/errors';
import { findDuplicateKey } from './duplicate-key';

/** Bits per number of each dtype of the format; files may have newer ones. */
const BITS: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  U16: 16,
  I16: 16,
  F16: 16,
  BF16: 16,
  U32: 32,
  I32: 32,
  F32: 32,
  U64: 64,
  I64: 64,
  F64: 64,
  C64: 64,
};

/** A tensor's entry in the header; all of it is checked. */
export interface TensorInfo {
  /** how its numbers are stored, in safetensors' own words; bytes of an unknown one fit any shape */
  dtype: string;
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
  const { __metadata__: metadata, ...entries } = parseJson(bytes, fail);
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, checkEntry(entry, (fault) => fail(fault, name))] as const,
  );
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkLayout(tensors, dataBytes, fail);
  return { tensors: new Map(tensors), metadata: checkMetadata(metadata ?? {}, fail) };
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
  if (typeof dtype !== 'string') fail(`dtype must be text, got ${quote(dtype)}.`);
  if (!isSizes(shape)) fail(`shape must be a list of sizes, got ${quote(shape)}.`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    fail(`data_offsets must be two positions, got ${quote(offsets)}.`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = byteLength(dtype, shape);
  if (bytes !== undefined && (!Number.isSafeInteger(bytes) || end - begin !== bytes)) {
    fail(
      `data_offsets must span ${bytes} bytes, for ${dtype} ${quote(shape)}, got ${end - begin}.`,
    );
  }
  if (end < begin) fail(`data_offsets must be begin and end, got ${quote(offsets)}.`);
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

/** The bytes of a tensor; undefined if the format has no such dtype. */
function byteLength(dtype: string, shape: number[]): number | undefined {
  if (!Object.hasOwn(BITS, dtype)) return undefined;
  return shape.reduce((product, size) => product * size, (BITS[dtype] as number) / 8);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
