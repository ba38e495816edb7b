import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { isMissing, missingFault } from '../../files/local';
import { quote } from '../../tensor/errors';
import { rowFault } from './row';
import { type RowPlaces, Rows } from './rows';

/** The bytes of the longest line: a file without an end of a line would fill the memory. */
const LONGEST = 2 ** 26;

/** The rows of a file, and what is wrong with it, each fault with its file and line. */
export interface ScannedRows {
  rows: Rows;
  faults: string[];
}

/** Checks every row of a JSONL file, as a stream: no row stays in memory. */
export async function scanRows(file: string): Promise<ScannedRows> {
  const lists = (): number[] => [];
  const places = { starts: lists(), ends: lists(), lines: lists(), checksums: lists() };
  const faults: string[] = [];
  const name = path.basename(file);
  let [size, line] = [0, 0];
  try {
    for await (const bytes of linesOf(file)) {
      line += 1;
      const start = size;
      size += bytes.length;
      const row = withoutEnds(bytes, line === 1);
      if (row.text.length === 0) continue;
      const fault = lineFault(row.text, line);
      if (fault) faults.push(`${name}:${line}: ${fault}`);
      if (fault === IS_LIST) break;
      places.starts.push(start + row.start);
      places.ends.push(start + row.start + row.text.length);
      places.lines.push(line);
      places.checksums.push(checksumOf(row.text));
    }
    if (line === 0 || places.lines.length + faults.length === 0) {
      faults.push(`${name}: the file must hold a row or more, got none.`);
    }
  } catch (error) {
    const place = error instanceof LineTooLong ? `${name}:${line + 1}` : name;
    faults.push(`${place}: ${await readFault(file, error as NodeJS.ErrnoException)}`);
  }
  return { rows: new Rows({ file, size, ...places } satisfies RowPlaces), faults };
}

/** Cuts a file into lines, each with its end; the last may have none. */
async function* linesOf(file: string): AsyncGenerator<Buffer, void> {
  let left: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at; (at = chunk.indexOf(0x0a, from)) >= 0; from = at + 1) {
      yield Buffer.concat([...left, chunk.subarray(from, at + 1)]);
      [left, bytes] = [[], 0];
    }
    left.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > LONGEST) throw new LineTooLong();
  }
  if (bytes > 0) yield Buffer.concat(left);
}

class LineTooLong extends Error {}

/** 48 bits of a hash: of a million different rows two are the same once in 500 times. */
function checksumOf(bytes: Buffer): number {
  return createHash('sha256').update(bytes).digest().readUIntBE(0, 6);
}

/** The bytes of a line without space around it and, in the first, without a byte order mark. */
function withoutEnds(bytes: Buffer, isFirst: boolean): { start: number; text: Buffer } {
  const isSpace = (at: number) => [0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] ?? 0);
  let start = isFirst && bytes.subarray(0, 3).equals(MARK) ? 3 : 0;
  let end = bytes.length;
  while (end > start && isSpace(end - 1)) end--;
  while (start < end && isSpace(start)) start++;
  return { start, text: bytes.subarray(start, end) };
}

const MARK = Buffer.from('\ufeff');

const IS_LIST =
  'the file must have a row in each line (JSONL), got one JSON list. Write JSON.stringify(row) of each in a line of its own.';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function lineFault(bytes: Buffer, line: number): string | null {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    return 'the line must be text in UTF-8, got other bytes.';
  }
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && line === 1 ? IS_LIST : rowFault(value);
  } catch (error) {
    if (line === 1 && text.startsWith('[')) return IS_LIST;
    return `the line must be JSON, got ${quote(text.slice(0, 60))}: ${(error as Error).message}.`;
  }
}

async function readFault(file: string, error: NodeJS.ErrnoException): Promise<string> {
  if (error instanceof LineTooLong) {
    return `a line must have ${LONGEST} bytes at most, got more. Is it JSONL?`;
  }
  return isMissing(error) ? missingFault(file) : `the file must be readable: ${error.message}.`;
}
