/** The header goes on beyond the bytes that were read so far. */
export class RanOut extends Error {}

/** Throws an error that names the file, and the tensor if one is given. */
export type Fail = (fault: string, tensor?: string) => never;

/**
 * Reads little-endian values one after another from the start of a file. Lengths and counts are held
 * against the file's size before anything of that size is allocated.
 * @throws RanOut if a value goes on beyond `bytes`, but not beyond the file
 */
export class Cursor {
  private readonly view: DataView;
  private place = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fileSize: number,
    readonly fail: Fail,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** bytes from the file's start */
  get position(): number {
    return this.place;
  }

  /** A value of so many bytes. */
  read<T>(size: number, get: (view: DataView, place: number) => T): T {
    return get(this.view, this.take(size, 'a value'));
  }

  uint32(): number {
    return this.read(4, (view, place) => view.getUint32(place, true));
  }

  /** A number of 64 bits that counts something. */
  uint64(what: string): number {
    const value = this.read(8, (view, place) => view.getBigUint64(place, true));
    if (value > Number.MAX_SAFE_INTEGER) this.fail(`${what} must be below 2^53, got ${value}.`);
    return Number(value);
  }

  /** How many items follow, of at least so many bytes each. */
  count(what: string, bytesEach: number): number {
    const count = this.uint64(what);
    const most = Math.floor((this.fileSize - this.place) / bytesEach);
    if (count > most) {
      this.fail(
        `${what} must be at most ${most} in a file of ${this.fileSize} bytes, got ${count}.`,
      );
    }
    return count;
  }

  text(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const begin = this.take(length, what);
    try {
      return UTF8.decode(this.bytes.subarray(begin, begin + length));
    } catch {
      return this.fail(`${what} must be UTF-8, at byte ${begin}.`);
    }
  }

  /** @returns where the next bytes begin */
  private take(length: number, what: string): number {
    const begin = this.place;
    if (begin + length > this.fileSize) {
      this.fail(
        `${what} must end within the file's ${this.fileSize} bytes, got ${begin + length}.`,
      );
    }
    if (begin + length > this.bytes.length) throw new RanOut();
    this.place += length;
    return begin;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
