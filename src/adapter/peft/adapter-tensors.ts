import type * as tf from '@tensorflow/tfjs';
import { FileError } from '../../files/local';
import {
  readSafetensors,
  type SafetensorsReader,
  type TensorToWrite,
} from '../../files/safetensors';
import { Dora } from '../../lora';
import { assertFinite, nearest, nonFiniteFault } from '../../tensor/errors';
import { read } from '../../tensor/runtime';
import type { WholeParameter } from './base-parameters';
import type { LayerSize, Update } from './model-layers';
import type { UpdateSize } from './plan-adapter';

/** The numbers of one update, row by row: A [r, k], B [d, r], and DoRA's m [d]. */
export interface UpdateValues {
  A: Float32Array;
  B: Float32Array;
  magnitude?: Float32Array;
}

/** PEFT's name for A or B of a layer. */
export function tensorName(layer: string, matrix: 'A' | 'B', isEmbedding = false): string {
  if (isEmbedding) return `base_model.model.${layer}.lora_embedding_${matrix}`;
  return `base_model.model.${layer}.lora_${matrix}.weight`;
}

/** PEFT's name for the magnitudes of a layer under DoRA. */
function magnitudeName(layer: string): string {
  return `base_model.model.${layer}.lora_magnitude_vector`;
}

/**
 * Reads the A and B of each planned update, and under DoRA its magnitudes, from an
 * adapter_model.safetensors.
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readFactors(
  caller: string,
  file: string,
  plan: ReadonlyMap<string, UpdateSize>,
  layers: ReadonlyMap<string, LayerSize>,
  useDora = false,
): Promise<Map<string, UpdateValues>> {
  const values = await readTensors(caller, file, updateShapes(plan, layers, useDora));
  return updateValues(values, layers, [...plan.keys()], useDora);
}

/**
 * Reads the tensors of a file, which must be of these names and shapes and no others.
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readTensors(
  caller: string,
  file: string,
  shapes: ReadonlyMap<string, number[]>,
): Promise<Map<string, Float32Array>> {
  const reader = await readSafetensors(file);
  try {
    const faults = [...nameFaults(reader, shapes), ...shapeFaults(reader, shapes)];
    if (faults.length > 0) throw new FileError(caller, file, faults);
    return await readAll(reader, [...shapes.keys()], (faults) => {
      throw new FileError(caller, file, faults);
    });
  } finally {
    await reader.close();
  }
}

/** The tensors that planned updates have in a file. */
export function updateShapes(
  plan: ReadonlyMap<string, UpdateSize>,
  layers: ReadonlyMap<string, LayerSize>,
  useDora: boolean,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [name, { r }] of plan) {
    const { inFeatures, outFeatures, isEmbedding } = layers.get(name) as LayerSize;
    shapes.set(tensorName(name, 'A', isEmbedding), [r, inFeatures]);
    shapes.set(tensorName(name, 'B', isEmbedding), [outFeatures, r]);
    if (useDora) shapes.set(magnitudeName(name), [outFeatures]);
  }
  return shapes;
}

function nameFaults(
  { tensors }: SafetensorsReader,
  shapes: ReadonlyMap<string, number[]>,
): string[] {
  const missing = [...shapes.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !shapes.has(name));
  return [
    ...missing.map((name) => `${name} is missing.`),
    ...unexpected.map((name, i) => {
      const meant = i < 20 ? nearest(name, missing) : undefined; // a hostile file may have 100,000
      const shown = name.slice(0, 200);
      if (/\.lora_(magnitude_vector|B\.bias)/.test(name)) {
        return `${shown} is unsupported: only A, B and under use_dora m of linear layers are.`;
      }
      return `${shown} is unexpected.${meant === undefined ? '' : ` Is ${meant} meant?`}`;
    }),
  ];
}

function shapeFaults(
  { tensors }: SafetensorsReader,
  shapes: ReadonlyMap<string, number[]>,
): string[] {
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
  fail: (faults: string[]) => never,
): Promise<Map<string, Float32Array>> {
  const faults: string[] = [];
  const all = new Map<string, Float32Array>();
  for (const name of names) {
    const values = await reader.read(name);
    const fault = nonFiniteFault(name, values);
    if (fault !== null) faults.push(fault);
    all.set(name, values);
  }
  if (faults.length > 0) fail(faults);
  return all;
}

/** The updates among the tensors of a file. */
export function updateValues(
  values: ReadonlyMap<string, Float32Array>,
  layers: ReadonlyMap<string, LayerSize>,
  names: readonly string[],
  useDora: boolean,
): Map<string, UpdateValues> {
  const of = (name: string) => values.get(name) as Float32Array;
  return new Map(
    names.map((layer) => [
      layer,
      {
        A: of(tensorName(layer, 'A', layers.get(layer)?.isEmbedding)),
        B: of(tensorName(layer, 'B', layers.get(layer)?.isEmbedding)),
        ...(useDora ? { magnitude: of(magnitudeName(layer)) } : {}),
      },
    ]),
  );
}

/**
 * The A, B and m of a model's updates, and what it trains of the base, as PEFT's file has them.
 * @throws NonFiniteError if one is NaN or infinite
 */
export async function collectTensors(
  caller: string,
  updates: ReadonlyMap<string, Update>,
  layers: ReadonlyMap<string, LayerSize>,
  whole: ReadonlyMap<string, WholeParameter>,
  dtype: 'F32' | 'F16',
): Promise<Map<string, TensorToWrite>> {
  const tensors = new Map<string, TensorToWrite>();
  const add = async (name: string, tensor: tf.Tensor) => {
    const values = await read(tensor);
    assertFinite(caller, name, values, 'Look for a diverged adapter.');
    tensors.set(name, { shape: tensor.shape, values, dtype });
  };
  for (const [layer, { lora, rescale }] of updates) {
    const isEmbedding = layers.get(layer)?.isEmbedding;
    await add(tensorName(layer, 'A', isEmbedding), lora.A);
    await add(tensorName(layer, 'B', isEmbedding), lora.B);
    if (rescale instanceof Dora) await add(magnitudeName(layer), rescale.magnitude);
  }
  for (const [name, { parameter, isTurned }] of whole) {
    const tensor = isTurned ? parameter.transpose() : parameter.clone();
    await add(name, tensor).finally(() => tensor.dispose());
  }
  return tensors;
}
