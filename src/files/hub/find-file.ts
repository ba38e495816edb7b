import { existsSync } from 'node:fs';
import path from 'node:path';
import { ArgumentError } from '../../tensor/errors';
import { hubFile, type HubOptions, isHubName } from './hub';
import type { HubFile } from './hub-error';

/**
 * The path of a model's file: in a folder, which goes first, or by the model's name in the hub's
 * cache, fetched if it is not there.
 * @throws ArgumentError if the model is neither, and for a name what `hubFile` throws
 */
export async function findFile(wanted: HubFile, options: HubOptions): Promise<string> {
  const { caller, model, file } = wanted;
  if (existsSync(model)) return path.join(model, file);
  if (isHubName(model)) return hubFile(wanted, options);
  throw new ArgumentError(
    `${caller}: the model must be a folder that is there, or a name on the hub such as distilgpt2, got ${JSON.stringify(model)}.`,
  );
}
