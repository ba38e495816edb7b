import * as tf from '@tensorflow/tfjs';
import { read } from '../../../tensor/runtime';
import type { TfjsAdapter } from './tfjs-gpt2';
import { ALPHA_OVER_R, type LinearWork, type Work } from './work';

/** A prepared work: its model is loaded, its tensors exist. */
export interface Job {
  /** Runs the work once, until everything is computed. */
  run(): Promise<void>;
  /** Runs the work once. @returns numbers that must be equal for all rivals */
  check(): Promise<number[]>;
  dispose(): void;
}

/** @param folder holds the model and, in `adapter`, its adapters */
export type MakeJob = (work: Work, folder: string) => Promise<Job>;

/** First tokens of a generation, equal for all rivals; later ones may differ after one near-tie. */
export const CHECKED_TOKENS = 4;

interface LinearTensors extends TfjsAdapter {
  x: tf.Tensor2D;
  w0: tf.Tensor2D;
  bias: tf.Tensor1D;
  dy: tf.Tensor2D;
}

/** Makes the tensors of a linear layer, with the numbers of peft_worker.py. */
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

/** Fills a tensor with `size` sin(0.37 (i + 1)² + seed): no pattern, and cheap in any language. */
export function numbers(shape: number[], seed: number, size: number): tf.Tensor {
  const count = tf.util.sizeFromShape(shape);
  const values = Float32Array.from(
    { length: count },
    (_, i) => size * Math.sin(0.37 * (i + 1) ** 2 + seed),
  );
  return tf.tensor(values, shape);
}

/**
 * Makes the job of a layer: its forward pass, or that and the gradients of `inputs`.
 * @param owned freed with the job
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

/** Accelerators that compute asynchronously until a number is read. */
const IS_GPU = ['webgpu', 'cuda'].includes(process.env.LORA_BACKEND ?? '');

/** Waits until the tensors are computed, and frees them. */
export async function settle(tensors: tf.Tensor[]): Promise<void> {
  const last = tensors.at(-1);
  if (last && IS_GPU) {
    const one = tf.tidy(() => last.flatten().slice(0, 1));
    await one.data();
    one.dispose();
  }
  tf.dispose(tensors);
}

/** Reads a loss and the norm of all its gradients together, and frees them. */
export async function lossAndNorm(loss: tf.Scalar, gradients: tf.Tensor[]): Promise<number[]> {
  const both = tf.tidy(() => {
    const squares = gradients.map((gradient) => gradient.square().sum());
    return tf.stack([loss, tf.stack(squares).sum().sqrt()]);
  });
  tf.dispose([loss, ...gradients]);
  return [...(await read(both).finally(() => both.dispose()))];
}

/** Computes √(mean t²) of each tensor t, and frees the tensors. */
export async function rootMeanSquares(tensors: tf.Tensor[]): Promise<number[]> {
  const all = tf.tidy(() => tf.stack(tensors.map((tensor) => tensor.square().mean().sqrt())));
  tf.dispose(tensors);
  return [...(await read(all).finally(() => all.dispose()))];
}
