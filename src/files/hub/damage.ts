import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { FileError } from '../local';

/**
 * Runs what reads files of the hub's cache. If it fails on a file whose content is not what the
 * cache's name for it says, such as one that a full disk cut short, the error says that.
 * @throws FileError if the file is damaged, else what `run` throws
 */
export async function namingDamage<T>(caller: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { file } = Object(error) as { file?: unknown };
    if (typeof file !== 'string') throw error;
    const fault = await damageOf(file).catch(() => undefined);
    throw fault === undefined ? error : new FileError(caller, file, [fault], error);
  }
}

/** The damage of a file of the cache: the name of its blob is the checksum of its content. */
async function damageOf(file: string): Promise<string | undefined> {
  const blob = await realpath(file);
  const expected = path.basename(blob);
  const isBlob = path.basename(path.dirname(blob)) === 'blobs';
  if (!isBlob || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(expected)) return undefined;
  const hash = createHash(expected.length === 40 ? 'sha1' : 'sha256');
  const { size } = await stat(blob);
  if (expected.length === 40) hash.update(`blob ${size}\0`);
  for await (const piece of createReadStream(blob)) hash.update(piece as Buffer);
  const got = hash.digest('hex');
  if (got === expected) return undefined;
  return `the file is damaged: its ${size} bytes must have the checksum ${expected}, got ${got}. Delete ${blob} and run the same line again: it is fetched anew.`;
}
