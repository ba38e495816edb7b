import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { loadModel } from '../src/model';
import type { LanguageModel } from '../src/model/transformer';
import { Linear, Module } from '../src/tensor/nn';
import { FIXTURES, decodeFloat32, type EncodedArray } from './fixture';

/**
 * One case of `fixtures/peft_adapters.py` or `fixtures/llama_adapters.py`: an adapter as PEFT saved
 * it, and what PEFT computes.
 */
export interface PeftCase {
  name: string;
  /** the base: `'net'`, `'gpt2'`, or a folder of `fixtures/llama_tiny` */
  kind: string;
  /** the text of adapter_config.json */
  config: string;
  /** the bytes of adapter_model.safetensors, in base64 */
  weights: string;
  /** float64, rounded to float32 */
  x: EncodedArray;
  y: EncodedArray;
  gradients?: Record<string, EncodedArray>;
  merged: Record<string, EncodedArray>;
}

/** A training with LoRA+ of `fixtures/llama_adapters.py`, and its losses. */
export interface TrainingCase {
  kind: string;
  settings: { r: number; lora_alpha: number; target_modules: string };
  /** A and B before the first step, by PEFT's names */
  start: Record<string, EncodedArray>;
  options: { learningRate: number; ratio: number; weightDecay: number };
  /** the batch of every step */
  ids: number[][];
  labels: number[];
  losses: number[];
}

const unpack = (name: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(path.join(FIXTURES, name))).toString());
const packed = unpack('peft_adapters.json.gz') as {
  net: Record<string, EncodedArray>;
  cases: PeftCase[];
};
const ofLlama = unpack('llama_adapters.json.gz') as { training: TrainingCase; cases: PeftCase[] };

/** Every case. */
export const peftCases = [...packed.cases, ...ofLlama.cases];

/** The training with LoRA+. */
export const trainingCase = ofLlama.training;

/** The case of this name. */
export function peftCase(kind: string, name: string): PeftCase {
  const found = peftCases.find((one) => one.kind === kind && one.name === name);
  if (!found) throw new Error(`there is no case ${kind} ${name}`);
  return found;
}

/** The net of `fixtures/peft_adapters.py`: x [n, 6] -> [n, 5] */
export class Net extends Module {
  constructor() {
    super();
    for (const [name, encoded] of Object.entries(packed.net)) {
      if (!name.endsWith('.weight')) continue;
      const layer = name.slice(0, -'.weight'.length);
      const bias = packed.net[`${layer}.bias`];
      tf.tidy(() => {
        const weights = { weight: tensor(encoded), bias: bias ? tensor(bias) : null };
        this.addChild(layer, new Linear(weights as { weight: tf.Tensor2D; bias: tf.Tensor1D }));
      });
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      let h = x;
      for (let i = 0; i < 4; i++) {
        const inner = this.child(`model.layers.${i}.up`).forward(h).tanh();
        h = this.child(`model.layers.${i}.down`).forward(inner);
      }
      return this.child('head').forward(h);
    });
  }
}

/** The base model of a case. */
export async function baseOf(kind: string): Promise<Net | LanguageModel> {
  if (kind === 'net') return new Net();
  return loadModel(path.join(FIXTURES, kind === 'gpt2' ? 'gpt2_tiny' : `llama_tiny/${kind}`));
}

/** What a model computes for a case's input; of a language model the logits of the last position. */
export function outputOf(model: Net | LanguageModel, { x }: PeftCase): tf.Tensor {
  return tf.tidy(() => {
    if (model instanceof Net) return model.forward(tensor(x));
    const logits = model.forward(tensor(x).cast('int32'));
    const [batch, time, width] = logits.shape as [number, number, number];
    return logits.slice([0, time - 1, 0], [batch, 1, width]).reshape([batch, width]);
  });
}

/** Writes the two files of a case into a folder. */
export async function writeCase({ config, weights }: PeftCase, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'adapter_config.json'), config);
  await writeFile(path.join(folder, 'adapter_model.safetensors'), Buffer.from(weights, 'base64'));
}

function tensor(encoded: EncodedArray): tf.Tensor {
  return tf.tensor(decodeFloat32(encoded), encoded.shape);
}
