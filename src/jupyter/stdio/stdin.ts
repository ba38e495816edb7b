import type { Interface } from 'node:readline';
import { Readable } from 'node:stream';
import { askingCell, type Cell, type Questions, runningCell } from '../protocol';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Listener = (...args: any[]) => void;

/** The kernel's own: a cell may replace the global ones. */
const { Buffer, Set, setImmediate, WeakMap } = globalThis;

/**
 * `process.stdin` of a cell: asks the user for a line whenever something waits for one, and not
 * before, since a question is a box on the screen. It never ends.
 */
export class CellStdin extends Readable {
  readonly fd = 0;
  readonly isTTY = false;
  /** Open readline interfaces on it. Each has a listener for data, but may wait for no line. */
  readonly interfaces = new Set<Interface>();
  // Not `private`: a cell that prints the stream would see them.
  readonly #questions: Questions;
  #reads = false;
  #asked: Cell | undefined;

  constructor(questions: Questions) {
    // Nothing is read ahead.
    super({ highWaterMark: 0 });
    this.#questions = questions;
  }

  override _read(): void {
    this.#reads = true;
    this.check();
  }

  override on(event: string | symbol, listener: Listener): this {
    if (event === 'data' || event === 'readable') {
      // An error event would not end a cell that waits for data alone.
      askingCell();
      this.check();
    }
    return super.on(event, listener);
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  /** Sockets and terminals have these two; scripts call them so that they can end. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Asks soon, if something still waits for a line then. */
  check(): void {
    setImmediate(() => void this.ask());
  }

  private async ask(): Promise<void> {
    const cell = runningCell();
    if (cell?.user === undefined || cell === this.#asked || !this.isAwaited()) return;
    this.#asked = cell;
    const line = await this.#questions.ask('');
    this.#asked = undefined;
    this.#reads = false;
    this.push(Buffer.from(`${line}\n`));
  }

  private isAwaited(): boolean {
    if (!this.#reads || this.destroyed) return false;
    if (this.listenerCount('readable') > 0) return true;
    const open = [...this.interfaces];
    const data = this.listenerCount('data') > open.length;
    const lines = open.some((each) => each.listenerCount('line') > 0);
    return this.readableFlowing === true && (data || lines);
  }
}

/** Makes `process.stdin` ask the user. Each cell has its own: what an earlier one left open is not asked for. */
export function connectStdin(questions: Questions): void {
  const streams = new WeakMap<object, CellStdin>();
  const get = (): CellStdin => {
    const reader = runningCell() ?? questions;
    let stream = streams.get(reader);
    // `break` in a loop over a stream destroys it.
    if (stream === undefined || stream.destroyed) {
      stream = new CellStdin(questions);
      streams.set(reader, stream);
    }
    return stream;
  };
  Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, get });
}
