import * as tf from '@tensorflow/tfjs';
import { FileError } from '../../files/local';
import { openWeights } from '../../files/safetensors';
import { nonFiniteFault } from '../../tensor/errors';
import { type HostIntegers, type LinearLayer, type MakeLinear, widen } from '../../tensor/nn';
import { ensureAccelerator, upload, transpose } from '../../tensor/runtime';
import type { WeightLayout } from './weight-layout';

const CALLER = 'readWeights';

type OwnedWeights = Map<string, tf.Tensor | LinearLayer>;

/** The tensors of a model as its files have them, read one at a time. */
export interface WeightsReader {
  readonly tensors: ReadonlyMap<string, { readonly shape: number[] }>;
  read(name: string): Promise<Float32Array>;
  /** the integers of a linear weight, (out, in), if the file has it so */
  readIntegers?(name: string): Promise<HostIntegers | null>;
  close(): Promise<void>;
}

/**
 * Reads the weights of a model from Hugging Face's model.safetensors, or from the shards that its
 * model.safetensors.index.json names, one tensor at a time. They belong to the caller; weights of
 * linear layers come out (out, in). With `makeLinear` a layer takes the place of its weight and
 * bias, which never are on the accelerator. Starts the accelerator, if `useAccelerator` did not.
 * @throws FileError listing every tensor that is missing, unexpected, misshapen or not finite;
 *   SafetensorsError if the file itself is broken
 */
export async function readWeights(
  file: string,
  layout: WeightLayout,
  makeLinear?: MakeLinear,
): Promise<OwnedWeights> {
  const reader = await openWeights(file);
  return takeWeights(reader, file, layout, makeLinear).finally(() => reader.close());
}

/** Reads the weights of a model as `readWeights`, from files that are open. The reader stays open. */
export async function takeWeights(
  reader: WeightsReader,
  file: string,
  layout: WeightLayout,
  makeLinear?: MakeLinear,
): Promise<OwnedWeights> {
  const weights: OwnedWeights = new Map();
  try {
    await ensureAccelerator();
    const keepTensor: Keep = (name, values, shape) => {
      const tensor = tf.tensor(values, shape);
      weights.set(name, tensor);
      upload(tensor);
    };
    const keep = makeLinear ? keepLayers(weights, layout, makeLinear, keepTensor) : keepTensor;
    const faults = await readAll(reader, layout, keep, makeLinear !== undefined);
    if (faults.length > 0) throw new FileError(CALLER, file, faults);
    return weights;
  } catch (error) {
    for (const weight of weights.values()) weight.dispose();
    throw error;
  }
}

/** Keeps a tensor once it is read, in the model's orientation. */
type Keep = (
  name: string,
  values: Float32Array,
  shape: number[],
  integers: HostIntegers | null,
) => void;

/** Makes a layer of each linear weight; one with a bias waits for it, which is read next. */
function keepLayers(
  weights: OwnedWeights,
  { linear, shapes }: WeightLayout,
  makeLinear: MakeLinear,
  keepTensor: Keep,
): Keep {
  let waiting: { biasName: string; make: (bias: Float32Array) => void } | undefined;
  return (name, values, shape, integers) => {
    if (linear.test(name)) {
      const layer = name.slice(0, -'.weight'.length);
      const [outFeatures, inFeatures] = shape as [number, number];
      const make = (bias: Float32Array | null) =>
        weights.set(layer, makeLinear({ weight: values, integers, bias, outFeatures, inFeatures }));
      const biasName = `${layer}.bias`;
      if (shapes.has(biasName)) waiting = { biasName, make };
      else make(null);
    } else if (name === waiting?.biasName) {
      waiting.make(values);
      waiting = undefined;
    } else keepTensor(name, values, shape, null);
  };
}

/**
 * Hands every good tensor to `keep`.
 * @param withIntegers whether linear weights that the file has as integers come as these too
 * @returns every fault
 */
async function readAll(
  reader: WeightsReader,
  layout: WeightLayout,
  keep: Keep,
  withIntegers: boolean,
): Promise<string[]> {
  const { stored, faults } = matchNames(reader, layout);
  for (const [name, shape] of layout.shapes) {
    const storedName = stored.get(name);
    const given = storedName === undefined ? undefined : reader.tensors.get(storedName)?.shape;
    if (storedName === undefined || given === undefined) faults.push(`${name} is missing.`);
    else if (given.join() !== shape.join()) {
      faults.push(`${name} must be [${shape.join(', ')}], got [${given.join(', ')}].`);
    } else {
      const isLinear = layout.linear.test(name);
      const { integers, numbers } = await readOne(reader, storedName, isLinear && withIntegers);
      const fault = nonFiniteFault(name, numbers);
      if (fault !== null) faults.push(fault);
      else if (!isLinear || !layout.transposed) keep(name, numbers, given, integers);
      else {
        // Integers are (out, in) in any file.
        const values = integers ? numbers : transpose(numbers, given as [number, number]);
        keep(name, values, [...given].reverse(), integers);
      }
    }
  }
  return [...faults, ...(await tiedFaults(reader, layout, stored))];
}

/** Reads a tensor once: as integers, if these are wanted and the file has it so, and as numbers. */
async function readOne(reader: WeightsReader, name: string, withIntegers: boolean) {
  const integers = withIntegers ? ((await reader.readIntegers?.(name)) ?? null) : null;
  return { integers, numbers: integers ? widen(integers) : await reader.read(name) };
}

/** The stored name of each parameter; the prefix may be missing. */
function matchNames(reader: WeightsReader, { shapes, prefix, ignored, tied }: WeightLayout) {
  const stored = new Map<string, string>();
  const faults: string[] = [];
  for (const storedName of reader.tensors.keys()) {
    if (ignored.test(storedName) || Object.hasOwn(tied, storedName)) continue;
    const name = shapes.has(storedName) ? storedName : prefix + storedName;
    if (!shapes.has(name)) faults.push(`${storedName} is unexpected.`);
    else if (stored.has(name)) {
      faults.push(`${storedName} is there twice, with and without ${prefix}`);
    } else stored.set(name, storedName);
  }
  return { stored, faults };
}

/** The faults of tensors that repeat a parameter with other numbers. */
async function tiedFaults(
  reader: WeightsReader,
  { tied }: WeightLayout,
  stored: ReadonlyMap<string, string>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [copy, parameter] of Object.entries(tied)) {
    const original = stored.get(parameter);
    if (!reader.tensors.has(copy) || original === undefined) continue;
    const [values, expected] = [await reader.read(copy), await reader.read(original)];
    const isSame =
      values.length === expected.length && values.every((value, i) => value === expected[i]);
    if (!isSame)
      faults.push(`${copy} must equal ${parameter}: weights of its own are unsupported.`);
  }
  return faults;
}
