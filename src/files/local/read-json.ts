import { readFile, stat } from 'node:fs/promises';
import { quote } from '../../tensor/errors';
import { FileError } from './file-error';
import { isMissing, missingFault } from './missing-file';

/**
 * Reads the JSON object in a file.
 * @throws FileError, in the caller's name, if there is none or the file has more than `maxBytes`
 */
export async function readJson(
  caller: string,
  file: string,
  maxBytes = Infinity,
): Promise<Record<string, unknown>> {
  const fail = (fault: string, cause?: unknown): never => {
    throw new FileError(caller, file, [fault], cause);
  };
  const json = await parseFile(file, maxBytes, fail).catch(async (error: NodeJS.ErrnoException) => {
    if (error instanceof FileError) throw error;
    if (isMissing(error)) return fail(await missingFault(file), error);
    return fail(`the file must hold a JSON object: ${error.message}.`, error);
  });
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  return fail(`the file must hold a JSON object, got ${quote(json)}.`);
}

async function parseFile(
  file: string,
  maxBytes: number,
  fail: (fault: string) => never,
): Promise<unknown> {
  const { size } = await stat(file);
  if (size > maxBytes) fail(`the file must have at most ${maxBytes} bytes, got ${size}.`);
  return JSON.parse(await readFile(file, 'utf8')) as unknown;
}
