import { existsSync } from 'node:fs';
import path from 'node:path';
import { DownloadError, HubError, hubFile, type HubOptions } from '../files/hub';
import { FileError, readJson } from '../files/local';
import { quote } from '../tensor/errors';
import { isTokenId } from './transformer';

const FILE = 'generation_config.json';
const WEIGHTS = ['model.safetensors', 'model.safetensors.index.json'];

/** A model's generation_config.json. */
export interface GenerationConfig {
  json: Record<string, unknown>;
  /** tokens that end a text; null if it does not say */
  eosTokenIds: number[] | null;
}

/** The model whose file is wanted, and its config.json. */
interface Wanted {
  caller: string;
  model: string;
  config: { file: string; json: Record<string, unknown> };
}

/**
 * Reads generation_config.json from where a model's config.json is; null if there is none.
 * @throws FileError if it is broken, DownloadError if it does not arrive
 */
export async function readGenerationConfig(
  wanted: Wanted,
  options: HubOptions,
): Promise<GenerationConfig | null> {
  const { caller } = wanted;
  const file = await findGenerationConfig(wanted, options);
  if (file === null) return null;
  const json = await readJson(caller, file);
  const { eos_token_id: end = null } = json;
  const ids: unknown[] = [end].flat();
  if (end === null) return { json, eosTokenIds: null };
  if (ids.every(isTokenId)) return { json, eosTokenIds: ids };
  const fault = `eos_token_id must be a token id, a list of them or null, got ${quote(end)}.`;
  throw new FileError(caller, file, [fault]);
}

/**
 * A model may lack the file. If its weights are in the hub's cache already, the hub is asked only if
 * config.json does not say how a text ends, and need not answer.
 */
async function findGenerationConfig(
  { caller, model, config }: Wanted,
  options: HubOptions,
): Promise<string | null> {
  const folder = path.dirname(config.file);
  const beside = path.join(folder, FILE);
  if (existsSync(beside)) return beside;
  if (existsSync(model)) return null;
  const isCached = WEIGHTS.some((file) => existsSync(path.join(folder, file)));
  if (isCached && (config.json.eos_token_id ?? null) !== null) return null;
  try {
    return await hubFile({ caller, repo: model, file: FILE }, options);
  } catch (error) {
    if (error instanceof HubError || (isCached && error instanceof DownloadError)) return null;
    throw error;
  }
}
