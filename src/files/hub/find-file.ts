import { existsSync } from 'node:fs';
import path from 'node:path';
import { ArgumentError } from '../../tensor/errors';
import { FileError, missingFault } from '../local';
import type { HubOptions } from './ask-hub';
import { hubFile } from './hub';
import type { HubFile } from './hub-error';
import { isHubName } from './hub-name';

/**
 * The path of a model's file: in a folder, which goes first, or by the model's name in the hub's
 * cache, fetched if it is not there.
 * @param others files that do as well, the best first
 * @throws ArgumentError if the model is neither, FileError if the folder has none of the files, and
 *   for a name what `hubFile` throws
 */
export async function findFile(
  wanted: HubFile,
  options: HubOptions,
  others: readonly string[] = [],
): Promise<string> {
  const { caller, repo: model } = wanted;
  if (existsSync(model)) return fileOf(wanted, others);
  if (isHubName(model)) return hubFile(wanted, options, others);
  throw new ArgumentError(
    `${caller}: the model must be a folder that is there, or a name on the hub such as distilgpt2, got ${JSON.stringify(model)}.`,
  );
}

async function fileOf({ caller, repo: model, file }: HubFile, others: readonly string[]) {
  const found = [file, ...others].map((name) => path.join(model, name)).find(existsSync);
  if (found) return found;
  const wanted = path.join(model, file);
  const also = others.length > 0 ? ` ${others.join(' or ')} would do as well.` : '';
  const hidden = isHubName(model)
    ? ` The folder ${path.resolve(model)} hides the model ${model} of the hub: rename or delete it to load that.`
    : '';
  throw new FileError(caller, wanted, [(await missingFault(wanted)) + also + hidden]);
}
