import { StringDecoder } from 'node:string_decoder';
import * as jupyter from 'tslab/dist/jupyter';
import { connectChannel } from '../display';
import { type Cell, outputCell, type OutputPublisher, type StreamName } from '../protocol';

/**
 * Publishes all output of cells on IOPub, each below the cell that produced it: text written to
 * stdout and stderr, the display channel, and tslab's own `display`. Output of an interrupted cell
 * is dropped.
 */
export function redirectOutput(publisher: OutputPublisher): void {
  redirectStream('stdout', publisher);
  redirectStream('stderr', publisher);
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
