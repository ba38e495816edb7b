import path from 'node:path';
import { namingDamage } from '../../files/hub';
import { FileError, readJson, replaceFiles, writeFileAtomically } from '../../files/local';
import { readSafetensors, type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { rsLora } from '../../lora';
import { assertOptions, type OptionKeys, quote } from '../../tensor/errors';
import { transpose } from '../../tensor/runtime';
import {
  checkConfig,
  CONFIG_FILE,
  failFor,
  fileInside,
  MAX_CONFIG_BYTES,
  type PlannedLayer,
  planLayers,
  readFactors,
  tensorName,
  WEIGHTS_FILE,
  writeAdapter,
  writeInto,
} from '../peft';

/** The weights of an adapter of mlx-lm; its config has PEFT's name and other keys. */
const MLX_WEIGHTS = 'adapters.safetensors';

/** Most numbers of one padded layer: a small file must not ask for all memory. */
const MAX_NUMBERS = 2 ** 28;

/** A change of names: for GPT-2, PEFT's `transformer.h.0` is `model.h.0` in mlx-lm. */
export interface ConvertOptions {
  rename?: (name: string) => string;
}

const OPTIONS: OptionKeys<ConvertOptions> = { rename: 'optional' };

/**
 * Converts a PEFT adapter to one of mlx-lm: h = W0 x + scale (x a) b with a [k, r] = Aᵀ and
 * b [r, d] = Bᵀ. mlx-lm has one rank and one scale for all layers: smaller ranks are padded with
 * zeros, other scales are multiplied into b.
 * @throws FileError, SafetensorsError if the adapter is broken or unsupported, or the folder can't be
 *   written
 */
export async function convertToMlx(
  from: string,
  to: string,
  options: ConvertOptions = {},
): Promise<void> {
  assertOptions('convertToMlx', options, OPTIONS);
  const { rename = (name) => name } = options;
  const layers = await namingDamage('convertToMlx', () => readPeft('convertToMlx', from));
  const rank = Math.max(...layers.map(({ r }) => r));
  const scale = layers.find((layer) => layer.scale > 0)?.scale ?? 1;
  const tensors = new Map<string, TensorToWrite>();
  for (const { name, r, A, B, ...layer } of layers) {
    const [k, d] = [A.length / r, B.length / r];
    if (rank * (k + d) > MAX_NUMBERS) {
      const fault = `${name} must not be padded to rank ${rank}: that is too large.`;
      throw new FileError('convertToMlx', from, [fault]);
    }
    const a = transpose(fillRows(A, k, rank), [rank, k]);
    const b = transpose(B, [d, r]).map((value) => value * (layer.scale / scale));
    tensors.set(`${rename(name)}.lora_a`, { shape: [k, rank], values: a });
    tensors.set(`${rename(name)}.lora_b`, { shape: [rank, d], values: fillRows(b, d, rank) });
  }
  // Keys are full names, so num_layers selects none.
  const keys = layers.map(({ name }) => rename(name));
  const config = {
    fine_tune_type: 'lora',
    num_layers: -1,
    lora_parameters: { rank, scale, dropout: 0, keys },
  };
  await writeMlx(to, config, tensors);
}

async function writeMlx(
  folder: string,
  config: object,
  tensors: ReadonlyMap<string, TensorToWrite>,
): Promise<void> {
  await writeInto('convertToMlx', folder, () =>
    replaceFiles(folder, [MLX_WEIGHTS, CONFIG_FILE], async (staging) => {
      await writeSafetensors(path.join(staging, MLX_WEIGHTS), tensors, { format: 'mlx' });
      await writeFileAtomically(path.join(staging, CONFIG_FILE), [JSON.stringify(config, null, 4)]);
    }),
  );
}

/**
 * Converts an mlx-lm adapter to one of PEFT: A = aᵀ, B = bᵀ, alpha = scale r.
 * @param options.rename gets mlx-lm's names
 * @throws FileError, SafetensorsError if the adapter is broken or unsupported, or its config has an
 *   alpha that may or may not count
 */
export async function convertFromMlx(
  from: string,
  to: string,
  options: ConvertOptions = {},
): Promise<void> {
  const caller = 'convertFromMlx';
  assertOptions(caller, options, OPTIONS);
  const { rename = (name) => name } = options;
  const { scale, file, tensors, ranks } = await namingDamage(caller, async () => {
    const scale = await readMlxScale(caller, await fileInside(caller, from, CONFIG_FILE));
    const file = await fileInside(caller, from, MLX_WEIGHTS);
    return { scale, file, ...(await readMlx(caller, file, rename)) };
  });
  const [r, ...others] = new Set(ranks.values());
  if (r === undefined || others.length > 0) {
    const fault = `the file must have pairs of one rank, got ${[...new Set(ranks.values())].join(', ') || 'none'}.`;
    throw new FileError(caller, file, [fault]);
  }
  const target_modules = [...ranks.keys()].sort();
  const json = { peft_type: 'LORA', r, lora_alpha: scale * r, target_modules };
  await writeAdapter(caller, to, checkConfig(caller, CONFIG_FILE, json), tensors);
}

/** The pairs of an mlx-lm file, transposed and with PEFT's names, and the rank of each. */
async function readMlx(caller: string, file: string, rename: (name: string) => string) {
  const tensors = new Map<string, TensorToWrite>();
  const ranks = new Map<string, number>();
  const reader = await readSafetensors(file);
  try {
    for (const [name, { shape }] of reader.tensors) {
      const [, layer, letter] = /^(.+)\.lora_([ab])$/.exec(name) ?? [];
      const other = reader.tensors.get(`${layer}.lora_${letter === 'a' ? 'b' : 'a'}`);
      const [rows, columns] = shape as [number, number];
      const meets = letter === 'a' ? other?.shape[0] === columns : other?.shape[1] === rows;
      if (layer === undefined || shape.length !== 2 || other?.shape.length !== 2 || !meets) {
        const fault = `${name.slice(0, 200)} is unsupported: only pairs lora_a [k, r] and lora_b [r, d] are.`;
        throw new FileError(caller, file, [fault]);
      }
      const values = transpose(await reader.read(name), [rows, columns]);
      const matrix = letter === 'a' ? 'A' : 'B';
      tensors.set(tensorName(rename(layer), matrix), { shape: [columns, rows], values });
      if (letter === 'a') ranks.set(rename(layer), columns);
    }
    return { tensors, ranks };
  } finally {
    await reader.close();
  }
}

/** The keys of mlx-lm's adapter_config.json that say how an adapter is scaled. */
interface MlxConfig {
  fine_tune_type?: unknown;
  num_layers?: unknown;
  use_dora?: unknown;
  lora_parameters?: { scale?: unknown; alpha?: unknown; rank?: unknown } | null;
}

async function readMlxScale(caller: string, file: string): Promise<number> {
  const json = (await readJson(caller, file, MAX_CONFIG_BYTES)) as MlxConfig;
  const scale = json.lora_parameters?.scale;
  const faults: string[] = [];
  if ((json.fine_tune_type ?? 'lora') !== 'lora') {
    faults.push('fine_tune_type must be "lora": others are unsupported.');
  }
  if (json.use_dora === true) faults.push('use_dora must be false: DoRA is not converted.');
  if (typeof scale !== 'number' || !(scale > 0)) {
    faults.push('lora_parameters.scale must be a positive number.');
  }
  const fault = alphaFault(json);
  if (fault !== null) faults.push(fault);
  if (faults.length > 0) throw new FileError(caller, file, faults);
  return scale as number;
}

/**
 * The first versions of mlx-lm scale by scale alpha / rank. Later ones scale by scale alone, but wrote
 * an alpha until 2025; configs with `fine_tune_type` or `num_layers` are theirs.
 */
function alphaFault(json: MlxConfig): string | null {
  const { alpha = null, rank } = json.lora_parameters ?? {};
  const isNew = 'fine_tune_type' in json || 'num_layers' in json;
  if (alpha === null || alpha === rank || isNew) return null;
  return `lora_parameters.alpha must not be there, got ${quote(alpha)} with rank ${quote(rank)}: the first versions of mlx-lm multiply scale by alpha / rank, later ones ignore it. Remove alpha, and if a first version trained the adapter, multiply scale by alpha / rank.`;
}

/** The layers of a PEFT adapter, read without its model: the sizes are the file's. */
async function readPeft(caller: string, folder: string) {
  const configFile = await fileInside(caller, folder, CONFIG_FILE);
  const config = checkConfig(
    caller,
    configFile,
    await readJson(caller, configFile, MAX_CONFIG_BYTES),
  );
  if (config.use_dora) {
    throw new FileError(caller, configFile, ['use_dora must be false: DoRA is not converted.']);
  }
  const file = await fileInside(caller, folder, WEIGHTS_FILE);
  const reader = await readSafetensors(file);
  await reader.close();
  const layers = new Map(
    [...reader.tensors].flatMap(([tensor, { shape }]) => {
      const [, name] = /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(tensor) ?? [];
      if (name === undefined) return [];
      const outFeatures = reader.tensors.get(tensorName(name, 'B'))?.shape[0] ?? 0;
      return [[name, { inFeatures: shape[1] ?? 0, outFeatures }] as const];
    }),
  );
  const plan = planLayers(config, layers, failFor(caller, configFile));
  const values = await readFactors(caller, file, plan);
  if (values.size === 0) failFor(caller, file)('the file must have A and B of a layer.');
  return [...values].map(([name, { A, B }]) => {
    const { r, alpha } = plan.get(name) as PlannedLayer;
    return { name, r, scale: config.use_rslora ? rsLora(alpha, r) : alpha / r, A, B };
  });
}

/** A matrix [rows, k] with rows of zeros after it, `to` in all. */
function fillRows(values: Float32Array, k: number, to: number): Float32Array {
  const filled = new Float32Array(to * k);
  filled.set(values);
  return filled;
}
