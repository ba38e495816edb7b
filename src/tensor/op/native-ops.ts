import { existsSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';

/** The library that `npm run setup` compiles from the kernels in C++; from dist/src/tensor/op. */
const LIBRARY = path.join(__dirname, '../../../../.native/kernels/lora_kernels.node');

let loaded = false;

/** Whether tfjs computes on TensorFlow's CPU and TensorFlow has the project's own ops. */
export function hasNativeOps(): boolean {
  return loaded;
}

/**
 * Enters the project's own ops in TensorFlow, which must be loaded.
 * @returns whether they were compiled and this processor runs them; else all ops run their reference
 */
export async function openNativeOps(): Promise<boolean> {
  if (!existsSync(LIBRARY)) return false;
  const { isSupported } = (await import(LIBRARY)) as { isSupported: boolean };
  loaded = isSupported;
  return loaded;
}

interface NativeBackend {
  binding: { TF_ATTR_FLOAT: number };
  executeMultipleOutputs(
    name: string,
    attrs: { name: string; type: number; value: number }[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** Runs one of the project's own ops in TensorFlow. Attributes are float32. */
export function runNativeOp<Output extends tf.Tensor = tf.Tensor>(
  name: string,
  inputs: tf.TensorInfo[],
  attrs: Record<string, number> = {},
): Output {
  const { output } = runNativeOpOf(['output'], name, inputs, attrs);
  return output as Output;
}

/** Runs an op with several outputs, and gives them names. */
export function runNativeOpOf<const Names extends readonly string[]>(
  outputs: Names,
  name: string,
  inputs: tf.TensorInfo[],
  attrs: Record<string, number> = {},
): Record<Names[number], tf.Tensor> {
  const native = tf.backend() as unknown as NativeBackend;
  const type = native.binding.TF_ATTR_FLOAT;
  const given = Object.entries(attrs).map(([key, value]) => ({ name: key, type, value }));
  const made = native.executeMultipleOutputs(name, given, inputs, outputs.length);
  return Object.fromEntries(outputs.map((output, i) => [output, made[i]])) as Record<
    Names[number],
    tf.Tensor
  >;
}
