import type * as tf from '@tensorflow/tfjs';
import type { LoRALinear } from '../../lora';
import type { Module } from '../../tensor/nn';
import { bytesOf } from '../../tensor/runtime';
import type { RowScales } from './row-scales';

/** Bytes of live tensors. */
export interface BankMemory {
  /** the base model, once */
  base: number;
  /** each adapter, by name */
  adapters: Record<string, number>;
  /** the scales of each row of a mixed batch */
  scales: number;
  /** the sum: `memory().bytes` if nothing else is allocated */
  total: number;
}

/** Counts the bytes of a model and its adapters. */
export function measureBank(
  model: Module,
  adapters: ReadonlyMap<string, ReadonlyMap<string, LoRALinear>>,
  scales: readonly RowScales[],
): BankMemory {
  const own = new Map(
    [...adapters].map(([name, layers]) => [name, [...layers.values()].flatMap(parametersOf)]),
  );
  const all = new Set([...own.values()].flat());
  const base = [...model.namedParameters().values()].filter((parameter) => !all.has(parameter));
  const parts = {
    base: bytesOf(base),
    adapters: Object.fromEntries([...own].map(([name, tensors]) => [name, bytesOf(tensors)])),
    scales: scales.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return { ...parts, total: parts.base + bytesOf(all) + parts.scales };
}

/** The parameters of the adapter alone. */
function parametersOf(layer: LoRALinear): tf.Variable[] {
  return [...layer.namedParameters({ borrowed: false }).values()];
}
