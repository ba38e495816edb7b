import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { FileError } from '../../files/local';
import type { Row } from './row';

/** Where the rows of a file lie; blank lines are no rows. */
export interface RowPlaces {
  readonly file: string;
  /** the bytes that the file had */
  readonly size: number;
  /** the first byte of each row */
  readonly starts: readonly number[];
  /** the byte after the last of each row */
  readonly ends: readonly number[];
  /** the number of each row's line, from 1 */
  readonly lines: readonly number[];
  /** a checksum of each row, to find equal ones */
  readonly checksums: readonly number[];
}

/**
 * Rows of a JSONL file. Only their places are in memory: a row is read from the disk when it is
 * asked for.
 */
export class Rows implements Iterable<Row> {
  /** @param order the rows that these are, by their place in the file; all of them unless given */
  constructor(
    private readonly places: RowPlaces,
    private readonly order: readonly number[] = [...places.starts.keys()],
  ) {}

  get length(): number {
    return this.order.length;
  }

  /**
   * Reads a row; undefined if there is no such row. A negative index counts from the end.
   * @throws FileError if the file has changed since it was checked
   */
  at(index: number): Row | undefined {
    const row = this.order.at(index);
    return row === undefined ? undefined : this.read(row);
  }

  /** Names a row by file and line, such as `train.jsonl:17`. */
  place(index: number): string {
    const row = this.order.at(index) ?? -1;
    return `${path.basename(this.places.file)}:${this.places.lines[row]}`;
  }

  /** A checksum of a row: equal rows have the same. */
  checksum(index: number): number {
    return this.places.checksums[this.order.at(index) ?? -1] ?? NaN;
  }

  /** Counts the rows that others have too. */
  countIn(others: Rows): number {
    const known = new Set(others.indices().map((index) => others.checksum(index)));
    return this.indices().filter((index) => known.has(this.checksum(index))).length;
  }

  private indices(): number[] {
    return [...this.order.keys()];
  }

  /** Takes some of these rows, by their index. */
  pick(indices: readonly number[]): Rows {
    return new Rows(
      this.places,
      indices.flatMap((index) => this.order[index] ?? []),
    );
  }

  *[Symbol.iterator](): Generator<Row, void> {
    for (const row of this.order) yield this.read(row);
  }

  private read(row: number): Row {
    const { file, size, starts, ends } = this.places;
    const start = starts[row] as number;
    const bytes = Buffer.alloc((ends[row] as number) - start);
    try {
      const handle = openSync(file, 'r');
      try {
        readSync(handle, bytes, 0, bytes.length, start);
      } finally {
        closeSync(handle);
      }
      if (statSync(file).size === size) return JSON.parse(bytes.toString('utf8')) as Row;
    } catch (cause) {
      throw changed(file, cause);
    }
    throw changed(file);
  }
}

function changed(file: string, cause?: unknown): FileError {
  const fault =
    'the file must stay as it was when it was read first, but has changed. Read it again.';
  return new FileError('readData', file, [fault], cause);
}
