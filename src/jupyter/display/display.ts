import { randomUUID } from 'node:crypto';
import { send } from './channel';

/**
 * One output in several forms, by MIME type; the viewer picks the richest one it knows.
 * Text and JSON are plain values, binary forms (`image/png`) are a `Uint8Array`.
 */
export type MimeBundle = Record<string, unknown>;

/** An output that can be replaced in its place. */
export interface Display {
  /** Shows the bundle below the cell; later calls replace it, in the same place. */
  show(bundle: MimeBundle): void;
}

/**
 * Shows one output below the running cell. Earlier outputs with the same `id` change to it too.
 * @throws KernelError outside the kernel
 */
export function display(bundle: MimeBundle, { id }: { id?: string } = {}): void {
  const transient = id === undefined ? {} : { display_id: id };
  send('display_data', { data: encode(bundle), metadata: {}, transient });
}

/**
 * Creates an output that can be updated, from later cells too: progress, or a growing chart.
 * `show` throws KernelError outside the kernel.
 */
export function newDisplay(): Display {
  const transient = { display_id: randomUUID() };
  let shown = false;
  return {
    show(bundle): void {
      send(shown ? 'update_display_data' : 'display_data', {
        data: encode(bundle),
        metadata: {},
        transient,
      });
      shown = true;
    },
  };
}

/**
 * Clears the outputs of the running cell. `wait` delays this until the next output arrives, which
 * avoids flicker.
 * @throws KernelError outside the kernel
 */
export function clearOutput({ wait = false }: { wait?: boolean } = {}): void {
  send('clear_output', { wait });
}

/** Encodes binary forms as base64, as Jupyter expects them. */
function encode(bundle: MimeBundle): MimeBundle {
  const entries = Object.entries(bundle).map(([type, value]) => [
    type,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  ]);
  return Object.fromEntries(entries) as MimeBundle;
}
