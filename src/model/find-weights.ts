import { readShardNames } from '../files/safetensors';
import type { Find } from './find';

/**
 * The path of model.safetensors, or of the index of its shards, which are all found too.
 * @throws FileError if the index is broken, else what `find` throws
 */
export async function findWeights(caller: string, find: Find): Promise<string> {
  const file = await find('model.safetensors', 'model.safetensors.index.json');
  if (file.endsWith('.index.json')) {
    for (const shard of await readShardNames(caller, file)) await find(shard);
  }
  return file;
}
