import { randomUUID } from 'node:crypto';
import { send } from './channel';

/**
 * One output in several forms, by MIME type; the viewer picks the richest one it knows.
 * Text and JSON stand as they are, binary forms (`image/png`) as a `Uint8Array`.
 */
export type MimeBundle = Record<string, unknown>;

/** An output that can be shown again in its place. */
export interface Display {
  /** The first call shows the bundle below the cell, every later one replaces it where it stands. */
  show(bundle: MimeBundle): void;
}

/**
 * Shows one output below the running cell. With an `id`, the earlier outputs of that id show it too.
 * @throws KernelError outside the kernel
 */
export function display(bundle: MimeBundle, { id }: { id?: string } = {}): void {
  const transient = id === undefined ? {} : { display_id: id };
  send('display_data', { data: encode(bundle), metadata: {}, transient });
}

/**
 * An output of its own: progress, a chart that grows. It may be updated from later cells too.
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
 * Empties the outputs of the running cell; with `wait` only when the next output is there, so
 * that nothing flickers.
 * @throws KernelError outside the kernel
 */
export function clearOutput({ wait = false }: { wait?: boolean } = {}): void {
  send('clear_output', { wait });
}

/** Jupyter carries binary forms as base64. */
function encode(bundle: MimeBundle): MimeBundle {
  const entries = Object.entries(bundle).map(([type, value]) => [
    type,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  ]);
  return Object.fromEntries(entries) as MimeBundle;
}
