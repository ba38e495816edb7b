import * as tf from '@tensorflow/tfjs';
import { FileError } from '../../files/local';
import {
  readSafetensors,
  type SafetensorsReader,
  type TensorToWrite,
  writeSafetensors,
} from '../../files/safetensors';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import type { LinearLayer } from '../../tensor/nn';
import { Random, read } from '../../tensor/runtime';
import type { GPT2Config } from './config';

const CALLER = 'readWeights';
const PREFIX = 'transformer.';
/** Conv1D: Hugging Face stores these (in, out); our `Linear` is (out, in). Turned only here. */
const CONV1D = /\.c_(attn|proj|fc)\.weight$/;
/** Causal masks that old files carry along; no weights. */
const MASKS = /\.attn\.(bias|masked_bias)$/;

/** Each parameter of a GPT-2, by its name in the model, with its shape in the file. */
export function weightShapes(config: GPT2Config): Map<string, number[]> {
  const { vocabSize, maxPositions, nEmbd: c, nInner, nLayer } = config;
  const norm = (name: string): [string, number[]][] => [
    [`${name}.weight`, [c]],
    [`${name}.bias`, [c]],
  ];
  const conv = (name: string, k: number, d: number): [string, number[]][] => [
    [`${name}.weight`, [k, d]],
    [`${name}.bias`, [d]],
  ];
  const blocks = Array.from({ length: nLayer }, (_, i) => [
    ...norm(`h.${i}.ln_1`),
    ...conv(`h.${i}.attn.c_attn`, c, 3 * c),
    ...conv(`h.${i}.attn.c_proj`, c, c),
    ...norm(`h.${i}.ln_2`),
    ...conv(`h.${i}.mlp.c_fc`, c, nInner),
    ...conv(`h.${i}.mlp.c_proj`, nInner, c),
  ]).flat();
  const tables: [string, number[]][] = [
    ['wte.weight', [vocabSize, c]],
    ['wpe.weight', [maxPositions, c]],
  ];
  const all = [...tables, ...blocks, ...norm('ln_f')];
  return new Map(all.map(([name, shape]) => [PREFIX + name, shape]));
}

/** Makes a layer of numbers on the host: W [d, k], row by row, and b [d]. */
export type MakeLinear = (host: {
  weight: Float32Array;
  bias: Float32Array;
  outFeatures: number;
  inFeatures: number;
}) => LinearLayer;

/**
 * Reads the weights of a GPT-2 from Hugging Face's model.safetensors, one tensor at a time. They
 * belong to the caller; linear weights come out (out, in). With `makeLinear` a layer stands for
 * the weight and bias that it was made of, and these never are on the accelerator.
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not
 *   finite; SafetensorsError if the file itself is broken
 */
export async function readWeights(
  file: string,
  config: GPT2Config,
  makeLinear?: MakeLinear,
): Promise<Map<string, tf.Tensor | LinearLayer>> {
  const reader = await readSafetensors(file);
  const weights = new Map<string, tf.Tensor | LinearLayer>();
  try {
    const keep = makeLinear ? keepLayers(weights, makeLinear) : keepTensors(weights);
    const faults = await readAll(reader, weightShapes(config), keep);
    if (faults.length > 0) throw new FileError(CALLER, file, faults);
    return weights;
  } catch (error) {
    for (const weight of weights.values()) weight.dispose();
    throw error;
  } finally {
    await reader.close();
  }
}

/** What is done with a tensor once it is read. */
type Keep = (name: string, values: Float32Array, shape: number[]) => void;

function keepTensors(weights: Map<string, tf.Tensor | LinearLayer>): Keep {
  return (name, values, shape) => weights.set(name, toTensor(name, values, shape));
}

/** A layer's weight waits for its bias, the next to be read. */
function keepLayers(weights: Map<string, tf.Tensor | LinearLayer>, makeLinear: MakeLinear): Keep {
  const keepTensor = keepTensors(weights);
  let waiting: { layer: string; values: Float32Array; shape: number[] } | undefined;
  return (name, values, shape) => {
    if (CONV1D.test(name)) {
      waiting = { layer: name.slice(0, -'.weight'.length), values, shape };
    } else if (waiting && name === `${waiting.layer}.bias`) {
      const [inFeatures, outFeatures] = waiting.shape as [number, number];
      const weight = turn(waiting.values, inFeatures, outFeatures);
      const layer = makeLinear({ weight, bias: values, outFeatures, inFeatures });
      weights.set(waiting.layer, layer);
      waiting = undefined;
    } else keepTensor(name, values, shape);
  };
}

/** [rows, columns] -> [columns, rows] */
function turn(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return turned;
}

/** Hands every good tensor to `keep`. @returns every fault */
async function readAll(
  reader: SafetensorsReader,
  shapes: Map<string, number[]>,
  keep: Keep,
): Promise<string[]> {
  const { stored, faults } = matchNames(reader, shapes);
  for (const [name, shape] of shapes) {
    const storedName = stored.get(name);
    const given = storedName === undefined ? undefined : reader.tensors.get(storedName)?.shape;
    if (storedName === undefined || given === undefined) faults.push(`${name} is missing.`);
    else if (given.join() !== shape.join()) {
      faults.push(`${name} must be [${shape.join(', ')}], got [${given.join(', ')}].`);
    } else {
      const values = await reader.read(storedName);
      const bad = values.filter((value) => !Number.isFinite(value)).length;
      if (bad > 0) faults.push(`${name} has ${bad} NaN or infinite of ${values.length} values.`);
      else keep(name, values, shape);
    }
  }
  return [...faults, ...(await headFaults(reader, stored))];
}

/** The stored name of each parameter; the prefix `transformer.` may be missing. */
function matchNames(reader: SafetensorsReader, shapes: Map<string, number[]>) {
  const stored = new Map<string, string>();
  const faults: string[] = [];
  for (const storedName of reader.tensors.keys()) {
    if (MASKS.test(storedName) || storedName === 'lm_head.weight') continue;
    const name = storedName.startsWith(PREFIX) ? storedName : PREFIX + storedName;
    if (!shapes.has(name)) faults.push(`${storedName} is unexpected.`);
    else if (stored.has(name))
      faults.push(`${storedName} is there twice, with and without prefix.`);
    else stored.set(name, storedName);
  }
  return { stored, faults };
}

/** The head is the token embedding. A file may repeat it, but with the same numbers. */
async function headFaults(
  reader: SafetensorsReader,
  stored: Map<string, string>,
): Promise<string[]> {
  const embedding = stored.get(`${PREFIX}wte.weight`);
  if (!reader.tensors.has('lm_head.weight') || embedding === undefined) return [];
  const head = await reader.read('lm_head.weight');
  const table = await reader.read(embedding);
  const same = head.length === table.length && head.every((value, i) => value === table[i]);
  return same ? [] : ['lm_head.weight must equal wte.weight: heads of their own are unsupported.'];
}

function toTensor(name: string, values: Float32Array, shape: number[]): tf.Tensor {
  return tf.tidy(() => {
    const tensor = tf.tensor(values, shape);
    return CONV1D.test(name) ? tensor.transpose() : tensor;
  });
}

/**
 * The inverse of `readWeights`: writes parameters, by their names in the model, whole or not at
 * all. F16 halves the file and rounds.
 * @throws ArgumentError if one is missing, NonFiniteError if one is not finite, SafetensorsError
 */
export async function writeWeights(
  file: string,
  config: GPT2Config,
  parameters: ReadonlyMap<string, tf.Tensor>,
  dtype: 'F32' | 'F16' = 'F32',
): Promise<void> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of weightShapes(config)) {
    const parameter = parameters.get(name);
    if (!parameter) {
      throw new ArgumentError(
        `writeWeights: ${name} must be a parameter, but is not. Merge or remove updates first.`,
      );
    }
    const turned = CONV1D.test(name) ? parameter.transpose() : parameter.clone();
    const values = await read(turned).finally(() => turned.dispose());
    if (!values.every(Number.isFinite)) {
      throw new NonFiniteError(`writeWeights: ${name} must be finite. Look for diverged weights.`);
    }
    tensors.set(name, { shape, values, dtype });
  }
  await writeSafetensors(file, tensors, { format: 'pt' });
}

/**
 * Fresh weights as GPT-2 starts: N(0, 0.02²), the projections into the residual stream smaller by
 * √(2 nLayer), norms 1, biases 0. They belong to the caller.
 */
export function drawWeights(config: GPT2Config, seed: number): Map<string, tf.Tensor> {
  const random = new Random(seed);
  const draw = (name: string, shape: number[]): tf.Tensor => {
    if (name.endsWith('.bias')) return tf.zeros(shape);
    if (shape.length === 1) return tf.ones(shape);
    const std = 0.02 / (name.endsWith('c_proj.weight') ? Math.sqrt(2 * config.nLayer) : 1);
    const values = random.normal(shape, 0, std);
    if (!CONV1D.test(name)) return values;
    return tf.tidy(() => {
      const turned = values.transpose();
      values.dispose();
      return turned;
    });
  };
  return new Map([...weightShapes(config)].map(([name, shape]) => [name, draw(name, shape)]));
}
