import type { Cursor } from './cursor';

/** A value of a file's metadata. Integers of 64 bits are bigints if a number can't hold them. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];

/** Deeper lists than any file has; a hostile one must not fill the stack. */
const MAX_DEPTH = 4;
/** More items than the list of any vocabulary has. */
const MAX_ITEMS = 2 ** 22;

const integer = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** The types of single numbers, by their numbers in the file: their bytes, and how they are read. */
const NUMBERS: ReadonlyMap<
  number,
  [bytes: number, get: (view: DataView, place: number) => number | bigint]
> = new Map([
  [0, [1, (view, place) => view.getUint8(place)]],
  [1, [1, (view, place) => view.getInt8(place)]],
  [2, [2, (view, place) => view.getUint16(place, true)]],
  [3, [2, (view, place) => view.getInt16(place, true)]],
  [4, [4, (view, place) => view.getUint32(place, true)]],
  [5, [4, (view, place) => view.getInt32(place, true)]],
  [6, [4, (view, place) => view.getFloat32(place, true)]],
  [10, [8, (view, place) => integer(view.getBigUint64(place, true))]],
  [11, [8, (view, place) => integer(view.getBigInt64(place, true))]],
  [12, [8, (view, place) => view.getFloat64(place, true)]],
]);
const [BOOL, STRING, LIST] = [7, 8, 9];

/** Reads keys and their values. */
export function readMetadata(cursor: Cursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.text(`key ${i + 1} of the metadata`);
    if (metadata.has(key)) cursor.fail(`each key must be there once, got ${short(key)} twice.`);
    metadata.set(key, readValue(cursor, cursor.uint32(), short(key), 0));
  }
  return metadata;
}

function readValue(cursor: Cursor, type: number, key: string, depth: number): GgufValue {
  const number = NUMBERS.get(type);
  if (number) return cursor.read(...number);
  if (type === STRING) return cursor.text(key);
  if (type === BOOL) {
    const bit = cursor.read(1, (view, place) => view.getUint8(place));
    return bit > 1 ? cursor.fail(`${key} must be 0 or 1, got ${bit}.`) : bit === 1;
  }
  if (type !== LIST) cursor.fail(`the type of ${key} must be from 0 to 12, got ${type}.`);
  if (depth === MAX_DEPTH) cursor.fail(`${key} must be at most ${MAX_DEPTH} lists deep.`);
  const inner = cursor.uint32();
  const bytesEach = NUMBERS.get(inner)?.[0] ?? (inner === STRING ? 8 : inner === LIST ? 12 : 1);
  const length = cursor.count(`the length of ${key}`, bytesEach);
  if (length > MAX_ITEMS) {
    cursor.fail(`the length of ${key} must be at most ${MAX_ITEMS}, got ${length}.`);
  }
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i++) values.push(readValue(cursor, inner, key, depth + 1));
  return values;
}

/** A name from a file, cut to fit a message. */
function short(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
