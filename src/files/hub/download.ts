import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { ReadableStream } from 'node:stream/web';
import { patience } from './environment';
import { DownloadError, type HubFile } from './hub-error';
import { within } from './patience';

/** The progress of a file's download. */
export interface DownloadProgress {
  file: string;
  /** counts the bytes of an earlier, interrupted download too */
  loadedBytes: number;
  totalBytes: number;
}

/** A file's content, as the hub describes it. */
export interface Content {
  bytes: number;
  /** in hex; it names the file in the hub's cache, too */
  checksum: string;
  /** SHA-256 for large files, git's blob name for small ones */
  kind: 'sha256' | 'git';
}

interface Listener {
  onProgress: (progress: DownloadProgress) => void;
  /** says the cause of an error in one line */
  reason: (error: unknown) => string;
}

/**
 * Downloads content to a file: whole and checked, or not at all. If the connection
 * breaks, the bytes that came stay in a file next to it, and the next call continues from there. Two processes may
 * download the same file at once: each writes the same bytes at the same places.
 * @throws DownloadError if the connection breaks, or the content is not what the hub said it is
 */
export async function download(
  source: Blob,
  to: string,
  content: Content,
  wanted: HubFile,
  { onProgress, reason }: Listener,
): Promise<void> {
  const partial = `${to}.partial`;
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT);
  try {
    let at = (await handle.stat()).size;
    for await (const piece of pieces(source, at, content.bytes, wanted, reason)) {
      await writeAt(handle, piece, at);
      at += piece.length;
      onProgress({ file: wanted.file, loadedBytes: at, totalBytes: content.bytes });
    }
    await handle.sync();
    await assertContent(handle, content, wanted).catch(async (error: unknown) => {
      await rm(partial, { force: true });
      throw error;
    });
  } finally {
    await handle.close();
  }
  await rename(partial, to).catch((error: unknown) => {
    if (!existsSync(to)) throw error; // another process finished the same file
  });
}

/** Yields the bytes of a source from `start` to `end`; a source that sends more is left there. */
async function* pieces(
  source: Blob,
  start: number,
  end: number,
  wanted: HubFile,
  reason: Listener['reason'],
): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  const stream = source.slice(start).stream() as ReadableStream<Uint8Array>;
  const reader = stream.getReader();
  const broken = (at: number, error: unknown) => {
    const cause = new Error(reason(error)); // without the secrets that the error itself may hold
    return new DownloadError(
      wanted,
      `${wanted.file} of ${wanted.repo} must arrive whole, got ${at} of ${end} bytes (${cause.message}). Run the same line again: it continues from there.`,
      cause,
    );
  };
  try {
    for (let at = start; at < end;) {
      const patient = patience('HF_HUB_DOWNLOAD_TIMEOUT');
      const { done, value } = await within(patient, reader.read()).catch((error: unknown) => {
        throw broken(at, error);
      });
      if (done) throw broken(at, 'the connection was closed');
      yield value;
      at += value.length;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it may have failed already
  }
}

/** Writes at a position; `writeFile` would start at the handle's own, which can't be moved. */
async function writeAt(handle: FileHandle, piece: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await handle.write(piece, done, piece.length - done, at + done);
    done += bytesWritten;
  }
}

/** Reads back what is on the disk: a resumed file is more than what has just arrived. */
async function assertContent(handle: FileHandle, content: Content, wanted: HubFile): Promise<void> {
  const hash = createHash(content.kind === 'git' ? 'sha1' : 'sha256');
  if (content.kind === 'git') hash.update(`blob ${content.bytes}\0`);
  for await (const piece of handle.createReadStream({ start: 0, autoClose: false })) {
    hash.update(piece as Buffer);
  }
  const got = hash.digest('hex');
  if (got === content.checksum) return;
  throw new DownloadError(
    wanted,
    `${wanted.file} of ${wanted.repo} must have the checksum ${content.checksum}, got ${got}. It is deleted; run the same line again.`,
  );
}

/** Finds the cause of a network error: fetch itself only says that it failed. */
export function reason(error: unknown): string {
  const { cause, message, code } = Object(error) as Partial<NodeJS.ErrnoException>;
  if (cause) return reason(cause);
  return String(message || code || error).replace(/\s+/g, ' ');
}
