import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file whole or not at all: to a temporary file in the same folder, synced to disk, then
 * renamed. If anything fails, such as a full disk, nothing is left behind and the old file stays.
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
    await rm(temporary, { force: true });
    throw error;
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
