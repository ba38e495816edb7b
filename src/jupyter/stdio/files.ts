import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { outputCell, StdinNotImplementedError } from '../protocol';
import { type Method, replace } from './replace';

type Data = string | Uint8Array;

/** The kernel's own: a cell may replace the global ones. */
const { Buffer, Map, process, Promise } = globalThis;
const nextTick = process.nextTick.bind(process);
const { open } = fs.promises;

/** Numbers of the standard streams, by the paths and numbers under which a program opens them. */
const FDS = new Map<unknown, number>(
  ['stdin', 'stdout', 'stderr'].flatMap((name, fd) =>
    [fd, `/dev/${name}`, `/dev/fd/${fd}`, `/proc/self/fd/${fd}`].map((file) => [file, fd] as const),
  ),
);

/** How the functions of `fs` write to a stream of the cell. */
const WRITERS: Record<string, Method> = {
  writeSync: write,
  write: calledBack(write),
  writevSync: writeAll,
  writev: calledBack(writeAll),
  writeFileSync: writeFile,
  writeFile: calledBack(writeFile),
  appendFileSync: writeFile,
  appendFile: calledBack(writeFile),
  openSync: fdOf,
  open: calledBack(fdOf),
};

const PROMISED_WRITERS: Record<string, Method> = {
  writeFile: promised(writeFile),
  appendFile: promised(writeFile),
  open: handleOf,
};

const READERS: Record<string, Method> = {
  readSync: refuse,
  read: calledBack(refuse),
  readFileSync: refuse,
  readFile: calledBack(refuse),
  openSync: refuse,
  open: calledBack(refuse),
};

const PROMISED_READERS: Record<string, Method> = {
  readFile: promised(refuse),
  open: promised(refuse),
};

/** A cell cannot close the kernel's streams: another file would get their number. */
const CLOSERS: Record<string, Method> = {
  closeSync: () => undefined,
  close: calledBack(() => undefined),
};

/**
 * Publishes what cells write to stdout and stderr through `fs`, and refuses to read stdin there:
 * no user can answer while synchronous code waits.
 */
export function redirectFiles(): void {
  redirect(fs, WRITERS, [1, 2]);
  redirect(fs.promises, PROMISED_WRITERS, [1, 2]);
  redirect(fs, READERS, [0]);
  redirect(fs.promises, PROMISED_READERS, [0]);
  redirect(fs, CLOSERS, [0, 1, 2]);
  syncBuiltinESMExports();
}

/** Replaces functions for some of the streams, which they get in place of the file. */
function redirect(holder: object, methods: Record<string, Method>, fds: number[]): void {
  const streams = [undefined, process.stdout, process.stderr];
  for (const [name, method] of Object.entries(methods)) {
    replace(holder, name, (own) => (file: unknown, ...args: unknown[]): unknown => {
      const fd = FDS.get(file);
      const taken = fd !== undefined && fds.includes(fd) && outputCell() !== undefined;
      return taken ? method(streams[fd], ...args) : own(file, ...args);
    });
  }
}

function refuse(): never {
  throw new StdinNotImplementedError(
    'fs: input must be read from process.stdin, which asks the user, got file 0 or /dev/stdin. ' +
      "Use `await rl.question('...')` of node:readline/promises, or " +
      '`for await (const line of readline.createInterface({ input: process.stdin }))`.',
  );
}

/** The arguments are those of `fs.writeSync`, behind the number of the file. */
function write(stream: NodeJS.WriteStream, data: Data, ...rest: unknown[]): number {
  if (typeof data === 'string') {
    const encoding = rest[1] as BufferEncoding | undefined;
    stream.write(data, encoding);
    return Buffer.byteLength(data, encoding);
  }
  const [first, second] = rest;
  const { offset, length }: { offset?: unknown; length?: unknown } =
    typeof first === 'object' && first ? first : { offset: first, length: second };
  const begin = typeof offset === 'number' ? offset : 0;
  const part = data.subarray(begin, typeof length === 'number' ? begin + length : undefined);
  stream.write(part);
  return part.length;
}

function writeAll(stream: NodeJS.WriteStream, parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + write(stream, part), 0);
}

function writeFile(stream: NodeJS.WriteStream, data: Data, options: unknown): void {
  const { encoding } = Object(typeof options === 'string' ? { encoding: options } : options) as {
    encoding?: BufferEncoding;
  };
  stream.write(data, encoding);
}

function fdOf(stream: NodeJS.WriteStream): number {
  return stream === process.stderr ? 2 : 1;
}

/** A file handle that writes below the cell. */
async function handleOf(stream: NodeJS.WriteStream): Promise<fs.promises.FileHandle> {
  return Object.assign(await open('/dev/null', 'w'), {
    write: promised((buffer: Data, ...rest: unknown[]) => {
      return { bytesWritten: write(stream, buffer, ...rest), buffer };
    }),
    writev: promised((buffers: Uint8Array[]) => {
      return { bytesWritten: writeAll(stream, buffers), buffers };
    }),
    writeFile: promised((data: Data, options: unknown) => writeFile(stream, data, options)),
    appendFile: promised((data: Data, options: unknown) => writeFile(stream, data, options)),
  });
}

/** The form of a function whose last argument is called with its error or result. */
function calledBack(method: Method): Method {
  return (...args: unknown[]): void => {
    const callback = (typeof args.at(-1) === 'function' ? args.pop() : ignore) as Method;
    try {
      const result: unknown = method(...args);
      nextTick(callback, null, ...(result === undefined ? [] : [result, args[1]]));
    } catch (error) {
      nextTick(callback, error);
    }
  };
}

/** The form of a function that returns a promise. */
function promised(method: Method): Method {
  return (...args: unknown[]) => new Promise((resolve) => resolve(method(...args)));
}

function ignore(): void {
  // A file may be closed without a callback.
}
