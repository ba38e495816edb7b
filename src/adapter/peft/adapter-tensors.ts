import type * as tf from '@tensorflow/tfjs';
import {
  readSafetensors,
  type SafetensorsReader,
  type TensorToWrite,
} from '../../files/safetensors';
import { Dora } from '../../lora';
import { assertFinite, nearest, nonFiniteFault } from '../../tensor/errors';
import { read } from '../../tensor/runtime';
import { LoRAEmbedding } from '../embedding';
import { type Fail, failFor } from './adapter-files';
import type { BaseParameter } from './base-parameters';
import type { AdaptedLayer } from './model-layers';
import type { PlannedLayer } from './plan-adapter';

/** The values of the adapter on one layer, row by row: A [r, k], B [d, r], and DoRA's m [d]. */
export interface Factors {
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
 * Reads A and B of each planned layer, and with DoRA its magnitudes, from an
 * adapter_model.safetensors.
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readFactors(
  caller: string,
  file: string,
  layers: ReadonlyMap<string, PlannedLayer>,
  useDora = false,
): Promise<Map<string, Factors>> {
  const values = await readTensors(caller, file, factorShapes(layers, useDora));
  return factorsByLayer(values, layers, useDora);
}

/**
 * Reads the tensors of a file, which must be of these names and shapes and no others.
 * @param optional names and shapes of tensors that may be there too
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readTensors(
  caller: string,
  file: string,
  needed: ReadonlyMap<string, number[]>,
  optional: ReadonlyMap<string, number[]> = new Map(),
): Promise<Map<string, Float32Array>> {
  const reader = await readSafetensors(file);
  try {
    const there = [...optional].filter(([name]) => reader.tensors.has(name));
    const shapes = new Map([...there, ...needed]);
    const faults = [...nameFaults(reader, shapes), ...shapeFaults(reader, shapes)];
    if (faults.length > 0) failFor(caller, file)(...faults);
    return await readAll(reader, [...shapes.keys()], failFor(caller, file));
  } finally {
    await reader.close();
  }
}

/** Names and shapes of the tensors that planned layers have in a file. */
export function factorShapes(
  layers: ReadonlyMap<string, PlannedLayer>,
  useDora: boolean,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [name, { r, inFeatures, outFeatures, isEmbedding }] of layers) {
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
  fail: Fail,
): Promise<Map<string, Float32Array>> {
  const faults: string[] = [];
  const all = new Map<string, Float32Array>();
  for (const name of names) {
    const values = await reader.read(name);
    const fault = nonFiniteFault(name, values);
    if (fault !== null) faults.push(fault);
    all.set(name, values);
  }
  if (faults.length > 0) fail(...faults);
  return all;
}

/** A, B and m of each planned layer, out of the tensors of a file. */
export function factorsByLayer(
  values: ReadonlyMap<string, Float32Array>,
  layers: ReadonlyMap<string, PlannedLayer>,
  useDora: boolean,
): Map<string, Factors> {
  const of = (name: string) => values.get(name) as Float32Array;
  return new Map(
    [...layers].map(([layer, { isEmbedding }]) => [
      layer,
      {
        A: of(tensorName(layer, 'A', isEmbedding)),
        B: of(tensorName(layer, 'B', isEmbedding)),
        ...(useDora ? { magnitude: of(magnitudeName(layer)) } : {}),
      },
    ]),
  );
}

/**
 * The tensors of PEFT's file for a model: A, B and m of its adapted layers, and the parameters of
 * the base that are trained.
 * @throws NonFiniteError if one is NaN or infinite
 */
export async function collectTensors(
  caller: string,
  layers: ReadonlyMap<string, AdaptedLayer>,
  base: ReadonlyMap<string, BaseParameter>,
  dtype: 'F32' | 'F16',
): Promise<Map<string, TensorToWrite>> {
  const tensors = new Map<string, TensorToWrite>();
  const add = async (name: string, tensor: tf.Tensor) => {
    const values = await read(tensor);
    assertFinite(caller, name, values, 'Look for a diverged adapter.');
    tensors.set(name, { shape: tensor.shape, values, dtype });
  };
  for (const [name, layer] of layers) {
    const { lora, variant } = layer;
    const isEmbedding = layer instanceof LoRAEmbedding;
    await add(tensorName(name, 'A', isEmbedding), lora.A);
    await add(tensorName(name, 'B', isEmbedding), lora.B);
    if (variant instanceof Dora) await add(magnitudeName(name), variant.magnitude);
  }
  for (const [name, { parameter, isTransposed }] of base) {
    const tensor = isTransposed ? parameter.transpose() : parameter.clone();
    await add(name, tensor).finally(() => tensor.dispose());
  }
  return tensors;
}
