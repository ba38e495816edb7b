import { existsSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { processorFlags } from './processor-flags';

/** Where `npm run setup` puts the kernels in C++; from dist/src/tensor/op. */
const FOLDER = path.join(__dirname, '../../../../.native/kernels');

/** The processors that the kernels are compiled for. */
export type KernelVersion = 'avx512' | 'avx2' | 'portable';

/** What each version needs of the processor, in Linux's words; the fastest is first. */
const VERSIONS: Record<KernelVersion, { name: string; flags: string[] }> = {
  avx512: {
    name: 'AVX-512',
    flags: ['avx512f', 'avx512vl', 'avx512bw', 'avx512dq', 'avx2', 'fma', 'f16c'],
  },
  avx2: { name: 'AVX2', flags: ['avx2', 'fma', 'f16c'] },
  portable: { name: 'portable', flags: [] },
};

/** Names the library of a version. */
export function kernelFile(version: KernelVersion): string {
  return `lora_kernels_${version}.node`;
}

let loaded = false;

/** Whether tfjs computes on TensorFlow's CPU and TensorFlow has the project's own ops. */
export function hasNativeOps(): boolean {
  return loaded;
}

/**
 * Enters the project's own ops in TensorFlow, which must be loaded: the fastest version for this
 * processor, or the one that `LORA_KERNELS` names.
 * @throws AcceleratorError if it names one that is not there or that this processor lacks
 * @returns the version in words; undefined if none was compiled: then all ops run their reference
 */
export async function openNativeOps(): Promise<string | undefined> {
  const flags = processorFlags();
  const there = (Object.keys(VERSIONS) as KernelVersion[]).filter(
    (one) => existsSync(fileOf(one)) && VERSIONS[one].flags.every((flag) => flags.has(flag)),
  );
  const asked = process.env.LORA_KERNELS || undefined;
  const isForced = asked !== undefined && asked !== 'reference';
  const version = there.find((one) => !isForced || one === asked);
  if (isForced && !version) {
    const known = ['reference', ...there].join(', ');
    throw new AcceleratorError(
      `LORA_KERNELS must be one of ${known} on this machine, got ${asked}`,
    );
  }
  if (!version) return undefined;
  const { isEntered } = (await import(fileOf(version))) as { isEntered: boolean };
  loaded = isEntered;
  return isEntered ? VERSIONS[version].name : undefined;
}

function fileOf(version: KernelVersion): string {
  return path.join(FOLDER, kernelFile(version));
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
