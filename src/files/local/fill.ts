import type { FileHandle } from 'node:fs/promises';

const MAX_READ_BYTES = 2 ** 30; // one system call moves less than 2 GiB

/** Reads from this position on until the bytes are full or the file ends. @returns how many */
export async function fill(
  bytes: Uint8Array,
  handle: FileHandle,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(bytes.length - filled, MAX_READ_BYTES);
    const { bytesRead } = await handle.read(bytes, filled, length, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Reads the bytes from `begin` to `end`. @param fail throws the error of a file that became shorter */
export async function readBytes(
  handle: FileHandle,
  { begin, end }: { begin: number; end: number },
  fail: (fault: string) => never,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  const filled = await fill(bytes, handle, begin);
  if (filled === bytes.length) return bytes;
  return fail(`it must have ${bytes.length} bytes, got ${filled}: the file became shorter.`);
}
