import path from 'node:path';
import { quote } from '../../tensor/errors';
import { FileError, readJson } from '../local';
import { SafetensorsError } from './error';
import type { TensorInfo } from './header';
import { readSafetensors, type SafetensorsReader } from './read-safetensors';

const CALLER = 'readSafetensors';

/** Beyond any model; each shard is an open file. */
const MAX_SHARDS = 1000;

/**
 * Opens a safetensors file, or the shards that a `model.safetensors.index.json` names, which lie
 * beside it, as if they were one file. The caller closes the reader.
 * @throws FileError if the index is broken or a shard lacks a tensor, else as `readSafetensors`
 */
export async function openWeights(file: string): Promise<SafetensorsReader> {
  if (!file.endsWith('.index.json')) return readSafetensors(file);
  const shardOf = await readWeightMap(CALLER, file);
  const shards = new Map<string, SafetensorsReader>();
  try {
    for (const name of new Set(shardOf.values())) {
      shards.set(name, await readSafetensors(path.join(path.dirname(file), name)));
    }
    return joined(shards, shardOf, file);
  } catch (error) {
    await closeAll(shards);
    throw error;
  }
}

/**
 * The names of the files that a model's index names.
 * @throws FileError if the index is broken
 */
export async function readShardNames(caller: string, index: string): Promise<string[]> {
  return [...new Set((await readWeightMap(caller, index)).values())];
}

/** The shard of each tensor. */
async function readWeightMap(caller: string, index: string): Promise<Map<string, string>> {
  const fail = (fault: string): never => {
    throw new FileError(caller, index, [fault]);
  };
  const { weight_map: map } = await readJson(caller, index);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    return fail(`weight_map must map tensors to files, got ${quote(map)}.`);
  }
  const entries = Object.entries(map as Record<string, unknown>);
  const names = new Set(entries.map(([, name]) => name));
  for (const name of names) {
    // A downloaded index must not choose which other files are read here.
    if (typeof name !== 'string' || !/^[^/\\:]+\.safetensors$/.test(name)) {
      fail(`weight_map must name safetensors files in the same folder, got ${quote(name)}.`);
    }
  }
  if (names.size === 0 || names.size > MAX_SHARDS) {
    fail(`weight_map must name 1 to ${MAX_SHARDS} files, got ${names.size}.`);
  }
  return new Map(entries as [string, string][]);
}

function joined(
  shards: ReadonlyMap<string, SafetensorsReader>,
  shardOf: ReadonlyMap<string, string>,
  index: string,
): SafetensorsReader {
  const tensors = new Map<string, TensorInfo>();
  const faults: string[] = [];
  for (const [name, shard] of shardOf) {
    const info = shards.get(shard)?.tensors.get(name);
    if (info) tensors.set(name, info);
    else faults.push(`${name.slice(0, 200)} must be in ${shard}, but is not.`);
  }
  if (faults.length > 0) throw new FileError(CALLER, index, faults);
  return {
    tensors,
    metadata: [...shards.values()][0]?.metadata ?? {},
    read: async (name) => {
      const shard = shards.get(shardOf.get(name) ?? '');
      if (shard) return shard.read(name);
      const fault = 'it must be in one of the shards, but is not.';
      throw new SafetensorsError(CALLER, fault, { file: index, tensor: name });
    },
    close: () => closeAll(shards),
  };
}

async function closeAll(shards: ReadonlyMap<string, SafetensorsReader>): Promise<void> {
  for (const shard of shards.values()) await shard.close();
}
