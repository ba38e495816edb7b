import { type FileHandle, open } from 'node:fs/promises';
import { isMissing, missingFault } from './missing-file';

/**
 * Opens a regular file to be read, for the caller to close.
 * @param fail throws the error of the file's format
 */
export async function openFile(
  file: string,
  fail: (fault: string, cause?: unknown) => never,
): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(file, 'r').catch(async (cause: NodeJS.ErrnoException) =>
    fail(
      isMissing(cause) ? await missingFault(file) : `the file must be readable: ${cause.message}.`,
      cause,
    ),
  );
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) fail('the file must be a regular file, got another kind.');
    return { handle, size: stat.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
