/** What the kernel can show besides text: the Jupyter message types of the display channel. */
export type DisplayType = 'display_data' | 'update_display_data' | 'clear_output';

/** Sends one display message from the cell that is running. */
export type DisplayChannel = (type: DisplayType, content: object) => void;

/** Something was asked of the kernel that it cannot do here. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
}

let channel: DisplayChannel | undefined;

/** Called once by the launcher; from then on `send` reaches the notebook. */
export function connectChannel(connected: DisplayChannel): void {
  channel = connected;
}

/**
 * Sends one display message to the notebook.
 * @throws KernelError outside the kernel, where nobody would see it
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
