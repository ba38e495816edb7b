import childProcess from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { type Method, replace } from './replace';

type StreamName = 'stdout' | 'stderr';
type Options = { stdio?: unknown };

/** The kernel's own: a cell may replace the global ones, and `fs` asks who writes. */
const { Buffer, process } = globalThis;
const { closeSync, openSync, readSync, unlinkSync } = fs;
/** Bytes of a child's output that are published at once. */
const PIECE = 1 << 20;

/**
 * Publishes what child processes write to streams that they share with the kernel (`inherit`)
 * below the cell that has started them. A child that reads the kernel's stdin finds its end.
 */
export function redirectChildren(): void {
  replace(childProcess.ChildProcess.prototype, 'spawn', redirectSpawn);
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    replace(childProcess, name, redirectSync);
  }
  syncBuiltinESMExports();
}

/** Every child that runs beside the kernel is started by this method, which gets its pipes here. */
function redirectSpawn(own: Method): Method {
  return function (this: childProcess.ChildProcess, options: Options): unknown {
    const shared: [number, StreamName][] = [];
    options.stdio = redirected(options.stdio, (place, name) => {
      shared.push([place, name]);
      return 'pipe';
    });
    const result: unknown = own.call(this, options);
    // There are none if too many files are open.
    const pipes = this.stdio as (Readable | null)[] | undefined;
    for (const [place, name] of pipes ? shared : []) {
      pipes?.[place]?.setEncoding('utf8').on('data', (text: string) => process[name].write(text));
      // The child's owner did not ask for it.
      Object.assign(this.stdio, { [place]: null });
      if (place === 1) this.stdout = null;
      if (place === 2) this.stderr = null;
    }
    return result;
  };
}

/** A child that the kernel waits for writes to files: a pipe would have to be emptied meanwhile. */
function redirectSync(own: Method): Method {
  return function (this: unknown, ...args: unknown[]): unknown {
    const place = args.findIndex(
      (each) => typeof each === 'object' && each && !Array.isArray(each),
    );
    const options = args[place] as Options | undefined;
    const files: [number, StreamName][] = [];
    const stdio = redirected(options?.stdio, (_, name) => {
      const fd = openUnnamed();
      files.push([fd, name]);
      return fd;
    });
    if (stdio !== options?.stdio) args[place] = { ...options, stdio };
    try {
      return own.apply(this, args);
    } finally {
      for (const [fd, name] of files) publish(fd, name);
    }
  };
}

/** Replaces the streams of the kernel in a `stdio` option; `replacement` is called for outputs. */
function redirected(
  stdio: unknown,
  replacement: (place: number, name: StreamName) => 'pipe' | number,
): unknown {
  const list: unknown = stdio === 'inherit' ? [stdio, stdio, stdio] : stdio;
  if (!Array.isArray(list)) return stdio;
  return list.map((each: unknown, place) => {
    const fd = each === 'inherit' ? place : typeof each === 'number' ? each : fdOf(each);
    if (fd === 0 && place === 0) return 'ignore';
    if (fd !== 1 && fd !== 2) return each;
    return place === 0 ? each : replacement(place, fd === 1 ? 'stdout' : 'stderr');
  });
}

/** The file of a stream that is passed on, such as `process.stdout`. */
function fdOf(stream: unknown): unknown {
  return (stream as { fd?: unknown } | null | undefined)?.fd;
}

/** Opens a new file that nobody else sees. */
function openUnnamed(): number {
  const file = path.join(os.tmpdir(), `cell-output-${randomUUID()}`);
  const fd = openSync(file, 'ax+');
  unlinkSync(file);
  return fd;
}

/** Publishes what a file holds, and closes it. */
function publish(fd: number, name: StreamName): void {
  const buffer = Buffer.alloc(PIECE);
  let begin = 0;
  for (let read; (read = readSync(fd, buffer, 0, PIECE, begin)) > 0; begin += read) {
    process[name].write(buffer.subarray(0, read));
  }
  closeSync(fd);
}
