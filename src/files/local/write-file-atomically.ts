import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LoraError } from '../../tensor/errors';
import { FileError } from './file-error';

/**
 * Writes a file whole or not at all: to a temporary file in the same folder, synced to disk, then
 * renamed. If anything fails, such as a full disk, nothing is left behind and the old file stays.
 * @throws FileError if the disk is full or the folder can't be written
 */
export async function writeFileAtomically(
  file: string,
  chunks: Iterable<Uint8Array | string>,
): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(
    folder,
    `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`,
  );
  try {
    const handle = await open(temporary, 'wx');
    await writeAndClose(handle, chunks);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (Reflect.get(Object(error), 'code') === undefined) throw error; // of the chunks, not the disk
    const fault = `the file must be writable: ${writeFault(error)}. What was there before is unchanged.`;
    throw new FileError('writeFileAtomically', file, [fault], error);
  }
  await syncFolder(folder);
}

async function writeAndClose(
  handle: FileHandle,
  chunks: Iterable<Uint8Array | string>,
): Promise<void> {
  try {
    for (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Syncs the folder, so that the new name survives a power cut; Windows can't. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** What the disk said when something could not be written. */
export function writeFault(error: unknown): string {
  const { cause, message } = error as Error;
  return error instanceof LoraError && cause instanceof Error ? writeFault(cause) : message;
}
