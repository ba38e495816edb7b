import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Names that a message lists of a folder. */
const SHOWN = 5;

/** Files that other programs keep weights in: pickles, which may run any code, and their indices. */
const PICKLES = /^(pytorch_model|adapter_model|adapters).*\.(bin|pt|pth|bin\.index\.json)$/;

/** Whether an error says that a file, or the folder it should be in, is not there. */
export function isMissing({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Says that a file must be there, and what is there in its place. */
export async function missingFault(file: string): Promise<string> {
  const wanted = path.basename(file);
  const folder = path.dirname(file);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (names instanceof Error) {
    return `the file must be there, but ${folder} is ${existsSync(folder) ? 'no folder' : 'not there'}.`;
  }
  if (names.includes(wanted)) return 'the file must be there, but is a link to nothing.';
  const pickle = names.sort().find((name) => PICKLES.test(name));
  if (pickle && wanted.endsWith('.safetensors')) return pickleFault(pickle);
  if (names.length === 0) return 'the file must be there, but its folder is empty.';
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  const shown = names.slice(0, SHOWN).map((name) => name.slice(0, 100));
  return `the file must be there, but its folder only holds ${shown.join(', ')}${more}.`;
}

/** Says why a pickle in the place of a safetensors file is not read, and how to convert it. */
export function pickleFault(pickle: string): string {
  const convert = pickle.startsWith('adapter')
    ? 'PeftModel.from_pretrained(base, folder).save_pretrained(folder)'
    : 'AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder)';
  return `${pickle} is unsupported: it is a pickle, which may run any code. Convert it to safetensors with Python: ${convert}.`;
}
