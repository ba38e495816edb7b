import { LoraError } from '../../tensor/errors';

/** Message types of outputs other than text. */
export type DisplayType = 'display_data' | 'update_display_data' | 'clear_output';

/** Sends one display message from the cell that is running. */
export type DisplayChannel = (type: DisplayType, content: object) => void;

/** A function for cells is called outside the Jupyter kernel. */
export class KernelError extends LoraError {
  override readonly name = 'KernelError';
}

let channel: DisplayChannel | undefined;

/** Connects `send` to the notebook. The launcher calls it once. */
export function connectChannel(connected: DisplayChannel): void {
  channel = connected;
}

/**
 * Sends one display message to the notebook.
 * @throws KernelError outside the kernel
 */
export function send(type: DisplayType, content: object): void {
  if (channel === undefined) {
    throw new KernelError(
      'display: the caller must be a cell of the TypeScript kernel, got a plain Node process. ' +
        'Run it in a notebook, or print the data instead.',
    );
  }
  channel(type, content);
}
