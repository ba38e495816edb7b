/*
 * Methods of ES2023 that Node has and tslab's TypeScript does not know: changed copies of a list.
 * What is compiled of this file, its declarations, is read with every cell.
 */

interface Copies<T> {
  /** Returns a sorted copy. */
  toSorted(compare?: (a: T, b: T) => number): T[];
  /** Returns a copy from last to first. */
  toReversed(): T[];
  /** Returns a copy with some entries taken out and others put in. */
  toSpliced(start: number, deleteCount?: number, ...items: T[]): T[];
  /** Returns a copy with another entry at the index. */
  with(index: number, value: T): T[];
}

/* eslint-disable @typescript-eslint/no-empty-object-type -- they add to what is there */
declare global {
  interface ReadonlyArray<T> extends Copies<T> {}
  interface Array<T> extends Copies<T> {}
  interface Float32Array {
    /** Returns a sorted copy. */
    toSorted(compare?: (a: number, b: number) => number): Float32Array;
    /** Returns a copy from last to first. */
    toReversed(): Float32Array;
    /** Returns a copy with another entry at the index. */
    with(index: number, value: number): Float32Array;
  }
}

export {};
