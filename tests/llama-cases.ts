import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { loadModel } from '../src/model';
import type { Llama } from '../src/model/llama';
import { FIXTURES, readTensors } from './fixture';

const ROOT = path.join(FIXTURES, 'llama_tiny');

/** The numbers of ids: a batch of 3 texts, as long as each other, and the size of the vocabulary. */
export const SIZES = { batch: 3, time: 11, vocabulary: 61, padding: 4 };

/** The names of the models of `fixtures/llama_tiny.py`. */
export const LLAMA_CASES = readdirSync(ROOT).filter((name) => !name.includes('.'));

/** A model of `fixtures/llama_tiny.py`, and what transformers and PEFT compute with it. */
export interface LlamaCase {
  model: Llama;
  folder: string;
  /** the batch */
  rows: number[][];
  /** a tensor of expected.safetensors */
  tensor: (name: string) => Float32Array;
  /** a prompt and its greedy continuation */
  prompt: number[];
  new: number[];
  /** of 20 steps of SGD on the adapter, with a learning rate of 0.01 */
  losses: number[];
}

/** Loads the model of this name. */
export async function llamaCase(name: string): Promise<LlamaCase> {
  const folder = path.join(ROOT, name);
  const json = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as Pick<
    LlamaCase,
    'prompt' | 'new' | 'losses'
  >;
  const tensors = await readTensors(`llama_tiny/${name}/expected.safetensors`);
  const tensor = (key: string) => {
    const found = tensors.get(key);
    if (!found) throw new Error(`${name} has no ${key}`);
    return found;
  };
  const { batch, time } = SIZES;
  const ids = Array.from(tensor('ids'));
  const rows = Array.from({ length: batch }, (_, i) => ids.slice(i * time, (i + 1) * time));
  const model = (await loadModel(folder)) as Llama;
  // The native library gets a weight, and a handle for it, at its first use.
  tf.tidy(() => model.forward(model.idsTensor([[1]])));
  return { ...json, model, folder, rows, tensor };
}

/** The largest difference that float32 explains; more on a GPU, whose operations round as they like. */
export function tolerance(float32 = 1e-5): number {
  return tf.getBackend() === 'webgpu' ? 10 * float32 : float32;
}
