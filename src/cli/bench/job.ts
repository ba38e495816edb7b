import * as tf from '@tensorflow/tfjs';
import { read } from '../../tensor/runtime';
import type { PlainAdapter } from './tfjs-gpt2';
import { ALPHA_OVER_R, type LinearWork, type Work } from './work';

/** A work made ready: model loaded, tensors in place. */
export interface Job {
  /** Does it once, to the end. */
  run(): Promise<void>;
  /** Does it once; numbers by which rivals are seen to have computed the same. */
  check(): Promise<number[]>;
  dispose(): void;
}

/** @param folder the model and, in `adapter`, what trains beside it */
export type MakeJob = (work: Work, folder: string) => Promise<Job>;

/** Tokens of a generation that rivals must have in common: one near-tie changes all behind it. */
export const CHECKED_TOKENS = 4;

interface LinearTensors extends PlainAdapter {
  x: tf.Tensor2D;
  w0: tf.Tensor2D;
  bias: tf.Tensor1D;
  dy: tf.Tensor2D;
}

/** What a linear layer computes with, the same numbers as in bench_peft.py. */
export function linearTensors({
  tokens,
  inFeatures: k,
  outFeatures: d,
  r,
}: LinearWork): LinearTensors {
  return {
    x: numbers([tokens, k], 1, 1) as tf.Tensor2D,
    w0: numbers([d, k], 2, 0.04) as tf.Tensor2D,
    bias: numbers([d], 3, 0.1) as tf.Tensor1D,
    A: numbers([Math.max(1, r), k], 4, 0.04) as tf.Tensor2D,
    B: numbers([d, Math.max(1, r)], 5, 0.02) as tf.Tensor2D,
    dy: numbers([tokens, d], 6, 1) as tf.Tensor2D,
    scaling: ALPHA_OVER_R,
  };
}

/** `size` sin(0.37 (i + 1)² + seed): without pattern, and cheap in any language. */
export function numbers(shape: number[], seed: number, size: number): tf.Tensor {
  const count = tf.util.sizeFromShape(shape);
  const values = Float32Array.from(
    { length: count },
    (_, i) => size * Math.sin(0.37 * (i + 1) ** 2 + seed),
  );
  return tf.tensor(values, shape);
}

/**
 * A layer's forward pass, or that and the gradients of `inputs`.
 * @param owned what is freed with the job
 */
export function linearJob(
  forward: () => tf.Tensor,
  inputs: tf.Tensor[],
  dy: tf.Tensor,
  backward: boolean,
  owned: tf.TensorContainer,
): Job {
  const compute = () => (backward ? tf.grads(forward)(inputs, dy) : [tf.tidy(forward)]);
  return {
    run: () => settle(compute()),
    check: () => rootMeanSquares([tf.tidy(forward), ...(backward ? compute() : [])]),
    dispose: () => tf.dispose(owned),
  };
}

/** These compute on while the caller goes on, until a number is read. */
const IS_GPU = ['webgpu', 'cuda'].includes(process.env.LORA_BACKEND ?? '');

/** Waits until all is computed, and frees it. */
export async function settle(tensors: tf.Tensor[]): Promise<void> {
  const last = tensors.at(-1);
  if (last && IS_GPU) {
    const one = tf.tidy(() => last.flatten().slice(0, 1));
    await one.data();
    one.dispose();
  }
  tf.dispose(tensors);
}

/** √ mean t² of each, which are freed. */
export async function rootMeanSquares(tensors: tf.Tensor[]): Promise<number[]> {
  const all = tf.tidy(() => tf.stack(tensors.map((tensor) => tensor.square().mean().sqrt())));
  tf.dispose(tensors);
  return [...(await read(all).finally(() => all.dispose()))];
}
