import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { FileError, isMissing, missingFault, writeFault } from '../../files/local';

/** PEFT's names for the two files of an adapter. */
export const CONFIG_FILE = 'adapter_config.json';
export const WEIGHTS_FILE = 'adapter_model.safetensors';

/** Throws a `FileError` with these faults. */
export type Fail = (...faults: string[]) => never;

/** The `Fail` for a file, in the caller's name. */
export function failFor(caller: string, file: string): Fail {
  return (...faults) => {
    throw new FileError(caller, file, faults);
  };
}

/** A config has about 1,300 bytes; patterns for each layer of a large model some thousands. */
export const MAX_CONFIG_BYTES = 2 ** 20;

/**
 * The path of a file in a folder. A link that leads out of the folder is refused: a downloaded
 * folder must not choose which files are read here. In the hub's cache each file of a snapshot is a
 * link into the blobs of the same model, so that one is followed.
 * @throws FileError if there is no such file
 */
export async function fileInside(caller: string, folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  const fail = (fault: string, cause?: unknown): never => {
    throw new FileError(caller, file, [fault], cause);
  };
  const [home, target] = await Promise.all([realpath(folder), realpath(file)]).catch(
    async (cause: NodeJS.ErrnoException) =>
      fail(
        isMissing(cause)
          ? await missingFault(file)
          : `the file must be readable: ${cause.message}.`,
        cause,
      ),
  );
  if (!target.startsWith(home + path.sep) && path.dirname(target) !== blobsOf(home)) {
    fail('the file must be in the folder, got a link that leads out. Copy the folder: cp -rL.');
  }
  if (!(await stat(target)).isFile()) fail('the file must be a regular file, got another kind.');
  return target;
}

/**
 * Makes a folder if it is missing, and writes an adapter into it.
 * @throws FileError if the disk does not allow it
 */
export async function writeInto(
  caller: string,
  folder: string,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await write();
  } catch (error) {
    const fault = `the folder must be writable: ${writeFault(error)}. It holds the old adapter or the new one, whole.`;
    throw new FileError(caller, folder, [fault], error);
  }
}

/** `models--owner--name/snapshots/<revision>` in the hub's cache, or a folder below it. */
const SNAPSHOT = /^(.*[\\/](?:models|datasets|spaces)--[^\\/]+)[\\/]snapshots[\\/][^\\/]/;

/** The folder of the blobs that a snapshot of the hub's cache has, by its real path. */
function blobsOf(folder: string): string | undefined {
  const [, repo] = SNAPSHOT.exec(folder) ?? [];
  return repo && path.join(repo, 'blobs');
}
