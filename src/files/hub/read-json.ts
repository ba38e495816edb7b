import { readFile } from 'node:fs/promises';
import { ModelFileError } from './model-file-error';

/** The JSON object in a file. @throws ModelFileError, in the caller's name, if there is none */
export async function readJson(caller: string, file: string): Promise<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
      return json as Record<string, unknown>;
    }
  } catch (error) {
    const fault = `the file must hold a JSON object: ${(error as Error).message}.`;
    throw new ModelFileError(caller, file, [fault], error);
  }
  throw new ModelFileError(caller, file, ['the file must hold a JSON object, got other JSON.']);
}
