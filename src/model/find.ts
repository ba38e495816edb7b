import { findFile, type HubOptions } from '../files/hub';
import { ArgumentError, quote } from '../tensor/errors';

/** Finds one of a model's files, the first of these that there is. */
export type Find = (file: string, ...others: string[]) => Promise<string>;

/**
 * Makes the function that finds a model's files, in a folder or on the hub.
 * @throws ArgumentError if the model is no name
 */
export function finder(caller: string, model: string, options: HubOptions): Find {
  assertName(caller, model);
  return (file, ...others) => findFile({ caller, repo: model, file }, options, others);
}

/** True if the model is one file, which holds its config and tokenizer too. */
export function isGguf(model: unknown): model is string {
  return typeof model === 'string' && model.toLowerCase().endsWith('.gguf');
}

function assertName(caller: string, model: unknown): void {
  if (typeof model === 'string' && model !== '') return;
  throw new ArgumentError(
    `${caller}: the model must be a folder, a .gguf file or a name on the hub such as distilgpt2, got ${quote(model)}.`,
  );
}
