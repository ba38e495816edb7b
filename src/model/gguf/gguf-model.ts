import { type GgufReader, readGguf } from '../../files/gguf';
import { FileError } from '../../files/local';
import { quote } from '../../tensor/errors';
import { transpose } from '../../tensor/runtime';
import type { WeightsReader } from '../transformer';
import { type Architecture, ARCHITECTURES } from './architectures';
import { GgufKeys } from './gguf-keys';
import { halvesOf, integersByHalves } from './halves';
import { storedNames } from './stored-names';

/** A model in a GGUF file, as if it came from Hugging Face's files. */
export interface GgufModel extends WeightsReader {
  /** what its config.json would say */
  config: Record<string, unknown>;
}

/**
 * Opens the model in a GGUF file. The names of tensors, the order of their rows and the offset of
 * norms come out as in Hugging Face's files. The caller closes it.
 * @throws GgufError if the file is broken, FileError listing every key and tensor that is not built
 */
export async function openGgufModel(caller: string, file: string): Promise<GgufModel> {
  const reader = await readGguf(file);
  try {
    return await openModel(caller, file, reader);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function openModel(caller: string, file: string, reader: GgufReader): Promise<GgufModel> {
  const { metadata, tensors: entries } = reader;
  const name = metadata.get('general.architecture');
  const architecture = ARCHITECTURES.get(name as string);
  if (!architecture) {
    const known = [...ARCHITECTURES.keys()].join(', ');
    const fault = `general.architecture must be one of ${known}, got ${quote(name)}.`;
    throw new FileError(caller, file, [fault]);
  }
  const keys = new GgufKeys(metadata, entries, name as string);
  const divisors = entries.has('rope_freqs.weight') ? await reader.read('rope_freqs.weight') : null;
  const config = architecture.config(keys, divisors);
  const { stored, unknown } = storedNames(entries.keys(), architecture);
  const faults = [...keys.allFaults(), ...unknown.map((tensor) => `${tensor} is unexpected.`)];
  const parts = metadata.get('split.count') ?? 1;
  if (parts !== 1) faults.push(`split.count must be 1: join the ${quote(parts)} files first.`);
  if (faults.length > 0) throw new FileError(caller, file, faults);
  const tensors = new Map(
    [...stored].map(([tensor, storedName]) => {
      const { shape } = entries.get(storedName) as { shape: number[] };
      const isTransposed = architecture.transposed?.test(tensor) ?? false;
      return [tensor, { shape: isTransposed ? [...shape].reverse() : shape }];
    }),
  );
  const read = async (tensor: string) => {
    const storedName = stored.get(tensor) as string;
    const { shape } = entries.get(storedName) as { shape: number[] };
    return asStored(await reader.read(storedName), { tensor, shape }, architecture, config);
  };
  const readIntegers = async (tensor: string) => {
    const integers = await reader.readIntegers(stored.get(tensor) as string);
    const { shape } = tensors.get(tensor) as { shape: number[] };
    const size = neighbouringRows(tensor, architecture, config);
    return integers && size !== null
      ? integersByHalves(integers, size, shape[0] as number)
      : integers;
  };
  return { config, tensors, read, readIntegers, close: () => reader.close() };
}

/** Makes Hugging Face's numbers of a tensor from the file's. */
function asStored(
  values: Float32Array,
  { tensor, shape }: { tensor: string; shape: number[] },
  architecture: Architecture,
  config: Record<string, unknown>,
): Float32Array {
  const { normOffset, transposed } = architecture;
  if (normOffset !== 0 && tensor.endsWith('norm.weight')) return values.map((w) => w - normOffset);
  if (transposed?.test(tensor)) return transpose(values, shape as [number, number]);
  const size = neighbouringRows(tensor, architecture, config);
  return size === null ? values : halvesOf(values, size, values.length / (shape[0] as number));
}

/** The rows of a head of q or k, if the file has the rows of a pair next to each other. */
function neighbouringRows(
  tensor: string,
  { pairs }: Architecture,
  config: Record<string, unknown>,
): number | null {
  return pairs === 'neighbours' && /\.[qk]_proj\./.test(tensor)
    ? (config.head_dim as number)
    : null;
}
