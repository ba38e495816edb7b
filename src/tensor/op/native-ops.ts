import { existsSync } from 'node:fs';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs';

/** What `npm run setup` compiles out of the kernels in C++; from dist/src/tensor/op. */
const LIBRARY = path.join(__dirname, '../../../../.native/kernels/lora_kernels.node');

let loaded = false;

/** Whether tfjs computes on TensorFlow's CPU and the project's own TensorFlow ops are there. */
export function hasNativeOps(): boolean {
  return loaded;
}

/**
 * Enters the project's own ops in TensorFlow, which must be loaded.
 * @returns whether they are there and this processor runs them; else all is plain
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
export function runNativeOp(
  backend: unknown,
  name: string,
  inputs: tf.TensorInfo[],
  attrs: Record<string, number> = {},
): tf.Tensor {
  const [output] = runNativeOpOf(1, backend, name, inputs, attrs);
  return output as tf.Tensor;
}

/** The same for an op with several outputs. */
export function runNativeOpOf(
  outputs: number,
  backend: unknown,
  name: string,
  inputs: tf.TensorInfo[],
  attrs: Record<string, number> = {},
): tf.Tensor[] {
  const native = backend as NativeBackend;
  const given = Object.entries(attrs).map(([key, value]) => ({
    ...{ name: key, type: native.binding.TF_ATTR_FLOAT, value },
  }));
  return native.executeMultipleOutputs(name, given, inputs, outputs);
}
