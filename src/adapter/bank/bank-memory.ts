import type * as tf from '@tensorflow/tfjs';
import type { LoRALinear } from '../../lora';
import type { Module } from '../../tensor/nn';
import { bytesOf } from '../../tensor/runtime';
import type { RowScales } from './row-scales';

/** Bytes of the tensors alive. */
export interface BankMemory {
  /** the base model, once */
  base: number;
  /** each adapter, by name */
  adapters: Record<string, number>;
  /** what tells the rows of a mixed batch apart */
  scales: number;
  /** all of it: what `memory().bytes` shows if there is nothing else */
  total: number;
}

/** Counts what a model with adapters holds. */
export function measure(
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

/** The adapter's, without the base's. */
function parametersOf(layer: LoRALinear): tf.Variable[] {
  return [...layer.namedParameters({ borrowed: false }).values()];
}
