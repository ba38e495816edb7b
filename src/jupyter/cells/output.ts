import * as jupyter from 'tslab/dist/jupyter';
import { connectChannel } from '../display';
import { outputCell, type OutputPublisher, type StreamName } from '../protocol';

/**
 * Publishes all output of cells on IOPub, each below the cell that produced it: text written to
 * stdout and stderr, the display channel, and tslab's own `display`. Output of an interrupted
 * cell is dropped.
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
  // Colours and progress bars are for terminals.
  stream.isTTY = false;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const cell = outputCell();
    if (cell === undefined) return toTerminal(chunk);
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    if (!cell.interrupted) publisher.stream(name, text, cell.request);
    const callback = rest.find(
      (argument): argument is () => void => typeof argument === 'function',
    );
    if (callback) process.nextTick(callback);
    return true;
  };
}
