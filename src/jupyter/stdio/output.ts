import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { StringDecoder } from 'node:string_decoder';
import * as jupyter from 'tslab/dist/jupyter';
import { connectChannel } from '../display';
import { type Cell, outputCell, type OutputPublisher, type StreamName } from '../protocol';

/**
 * Publishes all output of cells on IOPub, each below the cell that produced it: text written to
 * stdout and stderr, also by `fs.writeSync` to 1 and 2, the display channel, and tslab's own
 * `display`. Output of an interrupted cell is dropped.
 */
export function redirectOutput(publisher: OutputPublisher): void {
  redirectStream('stdout', publisher);
  redirectStream('stderr', publisher);
  redirectWriteSync();
  const publish = (type: string, content: object): void => {
    const cell = outputCell();
    if (cell && !cell.interrupted) publisher.publish(type, content, cell.request);
  };
  connectChannel(publish);
  Object.assign(jupyter, {
    lastWriteDisplayData: (content: object, isUpdate?: boolean) =>
      publish(isUpdate ? 'update_display_data' : 'display_data', content),
  });
}

function redirectStream(name: StreamName, publisher: OutputPublisher): void {
  const stream = process[name];
  const toTerminal = stream.write.bind(stream);
  const publish = (cell: Cell, text: string): void => {
    if (text !== '' && !cell.interrupted) publisher.stream(name, text, cell.request);
  };
  const decode = decoder(publish);
  // Colours and progress bars are for terminals.
  stream.isTTY = false;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const cell = outputCell();
    if (cell === undefined) return toTerminal(chunk);
    publish(cell, decode(cell, chunk, rest[0]));
    const callback = rest.find(
      (argument): argument is () => void => typeof argument === 'function',
    );
    if (callback) process.nextTick(callback);
    return true;
  };
}

type WriteSync = (fd: number, data: string | Uint8Array, ...rest: unknown[]) => number;

/** Redirects what cells write to the numbers of stdout and stderr, apart from the streams. */
function redirectWriteSync(): void {
  const toFile = fs.writeSync as WriteSync;
  const streams = new Map<number, NodeJS.WritableStream>([
    [1, process.stdout],
    [2, process.stderr],
  ]);
  const redirected: WriteSync = (fd, data, ...rest) => {
    const stream = streams.get(fd);
    if (stream === undefined || outputCell() === undefined) return toFile(fd, data, ...rest);
    const [offset, length] = rest;
    if (typeof data === 'string') {
      stream.write(data, length as BufferEncoding | undefined);
      return Buffer.byteLength(data, length as BufferEncoding | undefined);
    }
    const begin = typeof offset === 'number' ? offset : 0;
    const part = data.subarray(begin, typeof length === 'number' ? begin + length : undefined);
    stream.write(part);
    return part.length;
  };
  Object.assign(fs, { writeSync: redirected });
  syncBuiltinESMExports();
}

/**
 * Creates the function that turns what a cell writes into text. The bytes of a character may come
 * in several writes; `publish` gets what is left when another cell writes.
 */
function decoder(publish: (cell: Cell, text: string) => void) {
  const utf8 = new StringDecoder('utf8');
  let last: Cell | undefined;
  return (cell: Cell, chunk: string | Uint8Array, encoding: unknown): string => {
    if (last !== undefined && last !== cell) publish(last, utf8.end());
    last = cell;
    if (typeof chunk !== 'string') return utf8.write(bytesOf(chunk));
    if (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding)) return utf8.end() + chunk;
    return utf8.write(Buffer.from(chunk, encoding as BufferEncoding));
  };
}

/** Returns the bytes of a view of any type. */
function bytesOf(chunk: Uint8Array): Buffer {
  if (!ArrayBuffer.isView(chunk)) return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
