import type * as tf from '@tensorflow/tfjs';
import { Dora, type LoRALinear } from '../lora';
import { NonFiniteError, read } from '../runtime';
import { readSafetensors, type SafetensorsReader, type TensorToWrite } from '../safetensors';
import { AdapterError } from './error';
import { nearest } from './nearest';
import type { UpdateSize } from './plan-updates';

/** The numbers of one update, row by row: A [r, k], B [d, r], and DoRA's m [d]. */
export interface UpdateValues {
  A: Float32Array;
  B: Float32Array;
  magnitude?: Float32Array;
}

/** The layer that an update stands beside: k and d. */
export interface LayerSize {
  inFeatures: number;
  outFeatures: number;
}

/** PEFT's name for A or B of a layer. */
export function tensorName(layer: string, matrix: 'A' | 'B'): string {
  return `base_model.model.${layer}.lora_${matrix}.weight`;
}

/** PEFT's name for the magnitudes of a layer under DoRA. */
function magnitudeName(layer: string): string {
  return `base_model.model.${layer}.lora_magnitude_vector`;
}

/**
 * Reads the A and B of each planned update, and under DoRA its magnitudes, from an
 * adapter_model.safetensors.
 * @throws AdapterError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readUpdates(
  caller: string,
  file: string,
  plan: ReadonlyMap<string, UpdateSize>,
  layers: ReadonlyMap<string, LayerSize>,
  useDora = false,
): Promise<Map<string, UpdateValues>> {
  const reader = await readSafetensors(file);
  try {
    const shapes = expectedShapes(plan, layers, useDora);
    const faults = [...nameFaults(reader, shapes), ...shapeFaults(reader, shapes)];
    if (faults.length > 0) throw new AdapterError(caller, file, faults);
    return await readAll(reader, [...plan.keys()], useDora, (faults) => {
      throw new AdapterError(caller, file, faults);
    });
  } finally {
    await reader.close();
  }
}

function expectedShapes(
  plan: ReadonlyMap<string, UpdateSize>,
  layers: ReadonlyMap<string, LayerSize>,
  useDora: boolean,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [name, { r }] of plan) {
    const { inFeatures, outFeatures } = layers.get(name) as LayerSize;
    shapes.set(tensorName(name, 'A'), [r, inFeatures]);
    shapes.set(tensorName(name, 'B'), [outFeatures, r]);
    if (useDora) shapes.set(magnitudeName(name), [outFeatures]);
  }
  return shapes;
}

function nameFaults({ tensors }: SafetensorsReader, shapes: Map<string, number[]>): string[] {
  const missing = [...shapes.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !shapes.has(name));
  return [
    ...missing.map((name) => `${name} is missing.`),
    ...unexpected.map((name, i) => {
      const meant = i < 20 ? nearest(name, missing) : undefined; // a hostile file may have 100,000
      const shown = name.slice(0, 200);
      if (/\.lora_(magnitude_vector|embedding_[AB]|B\.bias)/.test(name)) {
        return `${shown} is unsupported: only A, B and under use_dora m of linear layers are.`;
      }
      return `${shown} is unexpected.${meant === undefined ? '' : ` Is ${meant} meant?`}`;
    }),
  ];
}

function shapeFaults({ tensors }: SafetensorsReader, shapes: Map<string, number[]>): string[] {
  return [...shapes]
    .map(([name, shape]) => ({ name, shape, given: tensors.get(name)?.shape ?? shape }))
    .filter(({ shape, given }) => given.join() !== shape.join())
    .map(
      ({ name, shape, given }) =>
        `${name} must be [${shape.join(', ')}], got [${given.slice(0, 8).join(', ')}].`,
    );
}

async function readAll(
  reader: SafetensorsReader,
  names: string[],
  useDora: boolean,
  fail: (faults: string[]) => never,
): Promise<Map<string, UpdateValues>> {
  const faults: string[] = [];
  const finite = async (tensor: string) => {
    const values = await reader.read(tensor);
    const bad = values.filter((value) => !Number.isFinite(value)).length;
    if (bad > 0) faults.push(`${tensor} has ${bad} NaN or infinite of ${values.length} values.`);
    return values;
  };
  const updates = new Map<string, UpdateValues>();
  for (const name of names) {
    updates.set(name, {
      A: await finite(tensorName(name, 'A')),
      B: await finite(tensorName(name, 'B')),
      ...(useDora ? { magnitude: await finite(magnitudeName(name)) } : {}),
    });
  }
  if (faults.length > 0) fail(faults);
  return updates;
}

/**
 * The A, B and m of a model's updates, as PEFT's file has them.
 * @throws NonFiniteError if one is NaN or infinite
 */
export async function collectTensors(
  caller: string,
  updates: ReadonlyMap<string, LoRALinear>,
  dtype: 'F32' | 'F16',
): Promise<Map<string, TensorToWrite>> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [layer, { lora, rescale }] of updates) {
    const named: [string, tf.Variable][] = [
      [tensorName(layer, 'A'), lora.A],
      [tensorName(layer, 'B'), lora.B],
    ];
    if (rescale instanceof Dora) named.push([magnitudeName(layer), rescale.magnitude]);
    for (const [name, tensor] of named) {
      const values = await read(tensor);
      if (!values.every(Number.isFinite)) {
        throw new NonFiniteError(`${caller}: ${name} must be finite. Look for a diverged update.`);
      }
      tensors.set(name, { shape: tensor.shape, values, dtype });
    }
  }
  return tensors;
}
