import * as tf from '@tensorflow/tfjs';
import { readSafetensors, type SafetensorsReader, writeSafetensors } from '../../files/safetensors';
import {
  ArgumentError,
  assertFinite,
  assertOptions,
  assertPositiveIntegers,
  type OptionKeys,
} from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { trainableParameters } from './gradients';
import type { Optimizer, ParameterState } from './optimizer';

const FORMAT = 'training-checkpoint-1';

/** State of a training apart from its tensors. */
export interface Checkpoint {
  /** the number of steps done */
  step: number;
  /** Other state to continue from, such as the position in the data. Plain JSON. */
  extra?: unknown;
}

const CHECKPOINT: OptionKeys<Checkpoint> = { step: 'required', extra: 'optional' };

/**
 * Saves a training between two steps to one safetensors file, atomically: the trainable parameters,
 * the optimiser's state and `checkpoint`. Frozen parameters are not saved. Tensors are saved as
 * they are at the time of the call.
 * @throws ArgumentError if the step is no whole number, SafetensorsError if the file can't be written;
 *   an existing file is then unchanged
 */
export async function saveCheckpoint(
  file: string,
  training: { module: Module; optimizer: Optimizer },
  checkpoint: Checkpoint,
): Promise<void> {
  assertOptions('saveCheckpoint', checkpoint, CHECKPOINT);
  const { step, extra = null } = checkpoint;
  assertPositiveIntegers('saveCheckpoint', { 'step + 1': step + 1 });
  const { module, optimizer } = training;
  const updates = [...optimizer.state].map(([name, state]) => [name, state.step]);
  const metadata = {
    format: FORMAT,
    step: `${step}`,
    updates: JSON.stringify(Object.fromEntries(updates)),
    extra: JSON.stringify(extra),
  };
  const snapshot = [...tensorsOf(trainableParameters(module), optimizer.state)].map(
    ([name, tensor]) => [name, tensor.clone()] as const,
  );
  try {
    // Not `read`, which allows an interrupt: the snapshot would then leak.
    const values = await Promise.all(snapshot.map(([, tensor]) => tensor.data<'float32'>()));
    const toWrite = snapshot.map(([name, { shape }], i) => {
      return [name, { shape, values: values[i] as Float32Array }] as const;
    });
    await writeSafetensors(file, new Map(toWrite), metadata);
  } finally {
    tf.dispose(snapshot.map(([, tensor]) => tensor));
  }
}

/**
 * Inverts `saveCheckpoint`: loads the saved values into a module with the same trainable parameters
 * and an optimiser created in the same way. On the same accelerator the training then continues
 * bit for bit as if it had not been interrupted.
 * @throws SafetensorsError if the file can't be read, NonFiniteError if it holds NaN or infinity,
 *   ArgumentError listing every mismatch; module and optimiser are then unchanged
 */
export async function loadCheckpoint(
  file: string,
  { module, optimizer }: { module: Module; optimizer: Optimizer },
): Promise<Checkpoint> {
  const parameters = trainableParameters(module);
  const reader = await readSafetensors(file);
  try {
    const { checkpoint, updates } = readMetadata(file, reader.metadata);
    assertFits(file, parameters, reader, updates);
    const values = await readValues(file, reader);
    apply(values, reader, updates, { module, optimizer });
    return checkpoint;
  } finally {
    await reader.close();
  }
}

const weightKey = (name: string) => `weight:${name}`;
const slotKey = (slot: string, name: string) => `${slot}:${name}`;

function tensorsOf(
  parameters: ReadonlyMap<string, tf.Tensor>,
  states: ReadonlyMap<string, ParameterState>,
): Map<string, tf.Tensor> {
  const all = new Map([...parameters].map(([name, tensor]) => [weightKey(name), tensor]));
  for (const [name, { slots }] of states) {
    for (const [slot, tensor] of Object.entries(slots)) all.set(slotKey(slot, name), tensor);
  }
  return all;
}

function readMetadata(file: string, metadata: Readonly<Record<string, string>>) {
  if (metadata.format !== FORMAT) {
    throw new ArgumentError(
      `loadCheckpoint: ${file} must be a checkpoint of format ${FORMAT}, got ${metadata.format ?? 'no format'}.`,
    );
  }
  const step = Number(metadata.step);
  const updates = Object.entries(parse(file, metadata, 'updates') ?? {}) as [string, unknown][];
  const counts = [['the training', step] as const, ...updates];
  for (const [name, count] of counts) {
    if (Number.isSafeInteger(count) && (count as number) >= 0) continue;
    throw new ArgumentError(
      `loadCheckpoint: ${file}: the steps of ${name} must be a whole number, got ${String(count)}.`,
    );
  }
  const checkpoint: Checkpoint = { step, extra: parse(file, metadata, 'extra') };
  return { checkpoint, updates: new Map(updates as [string, number][]) };
}

function parse(file: string, metadata: Readonly<Record<string, string>>, key: string): unknown {
  try {
    return JSON.parse(metadata[key] ?? '');
  } catch {
    throw new ArgumentError(`loadCheckpoint: ${file}: its ${key} must be JSON.`);
  }
}

/** Checks the parameters only; the optimiser checks its own tensors. */
function assertFits(
  file: string,
  parameters: ReadonlyMap<string, tf.Variable>,
  { tensors }: SafetensorsReader,
  updates: ReadonlyMap<string, number>,
): void {
  const faults = [...parameters].flatMap(([name, { shape }]) => {
    const saved = tensors.get(weightKey(name))?.shape;
    if (!saved) return [`${name} is missing`];
    if (tf.util.arraysEqual(saved, shape)) return [];
    return [`${name} must be [${shape.join(', ')}], got [${saved.join(', ')}]`];
  });
  for (const key of tensors.keys()) {
    const [kind = '', name = ''] = splitKey(key);
    const known = kind === 'weight' ? parameters.has(name) : updates.has(name);
    if (!known) faults.push(`${key} is unknown`);
  }
  if (faults.length === 0) return;
  throw new ArgumentError(
    `loadCheckpoint: ${file} must fit the module's trainable parameters: ${faults.join('; ')}.`,
  );
}

function splitKey(key: string): [string, string] {
  const colon = key.indexOf(':');
  return [key.slice(0, Math.max(0, colon)), key.slice(colon + 1)];
}

async function readValues(
  file: string,
  reader: SafetensorsReader,
): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const key of reader.tensors.keys()) {
    const values = await reader.read(key);
    assertFinite(`loadCheckpoint: ${file}`, key, values);
    all.set(key, values);
  }
  return all;
}

/** Restores the optimiser first: if it throws, nothing has changed yet. */
function apply(
  values: ReadonlyMap<string, Float32Array>,
  reader: SafetensorsReader,
  updates: ReadonlyMap<string, number>,
  { module, optimizer }: { module: Module; optimizer: Optimizer },
): void {
  const parameters = module.namedParameters();
  const states = new Map<string, ParameterState>();
  for (const [name, step] of updates) states.set(name, { step, slots: {} });
  const weights = new Map<string, tf.Tensor>();
  for (const [key, array] of values) {
    const [kind, name] = splitKey(key);
    const tensor = tf.tensor(array, [...(reader.tensors.get(key)?.shape ?? [])]);
    const state = states.get(name);
    if (kind === 'weight') weights.set(name, tensor);
    else if (state) state.slots[kind] = tensor;
  }
  try {
    optimizer.restore(parameters, states);
  } catch (error) {
    for (const { slots } of states.values()) tf.dispose(slots);
    tf.dispose([...weights.values()]);
    throw error;
  }
  for (const [name, weight] of weights) parameters.get(name)?.assign(weight);
  tf.dispose([...weights.values()]);
}
