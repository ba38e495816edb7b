import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { FIXTURES } from '../../tests/fixture';
import { projectRoot } from '../files/local';
import { applyLoraToLinear, freezeBaseModel, injectLora } from '../lora';
import { loadModel } from '../model';
import { Linear, type LinearLayer, type Module } from '../tensor/nn';
import { isReference, kernelRuns } from '../tensor/op';
import { halfLinear, quantizedLinear } from '../tensor/quant';
import { type AcceleratorName, Random, useAccelerator } from '../tensor/runtime';
import { adamW, linearCrossEntropy, sparseCrossEntropy, train } from '.';

let accelerator: AcceleratorName;
/** The TensorFlow ops that ran, by name. */
const compiled = new Set<string>();

before(async () => {
  accelerator = (await useAccelerator()).name;
  if (accelerator === 'cpu-native') recordCompiledOps();
  await trainModel();
  await trainLlama();
  runLayers();
});

describe('each op runs the kernel of its accelerator, and falls back to no other:', () => {
  for (const [name, runs] of kernelRuns()) {
    test(name, () => {
      const own = { 'cpu-native': 'native', webgpu: 'webgpu' } as Partial<Record<string, string>>;
      const slot = (isReference() ? undefined : own[accelerator]) ?? 'reference';
      const expected = slot in runs ? slot : 'reference';
      const ran = Object.entries(runs).filter(([, count]) => count > 0);
      assert.deepEqual(
        ran.map(([one]) => one),
        [expected],
        `${name}: only the ${expected} kernel must run, got ${JSON.stringify(runs)}. If nothing ran, drive the op in this test.`,
      );
    });
  }
});

test('an op that is compiled for the CPU has a shader for WebGPU too', () => {
  const without = [...kernelRuns()].filter(([, runs]) => 'native' in runs && !('webgpu' in runs));
  assert.deepEqual(
    without.map(([name]) => name),
    [],
  );
});

test('cpu-native runs each op that is compiled from a .cc file', (t) => {
  if (accelerator !== 'cpu-native' || isReference()) return t.skip('compiled ops run elsewhere');
  const names = sources().flatMap((text) => text.match(/(?<=")Lora\w+(?=",)/g) ?? []);
  assert.ok(names.length > 10);
  assert.deepEqual(
    names.filter((name) => !compiled.has(name)),
    [],
  );
});

/** One step on a GPT-2 without its embeddings, one on adapters, and one on adapters with dropout. */
async function trainModel(): Promise<void> {
  const model = await loadModel(path.join(FIXTURES, 'gpt2_tiny'));
  const ids = [[5, 1, 60, 7]];
  const labels = [1, 60, 7, 2];
  const step = async () => {
    const optimizer = adamW({ learningRate: 1e-3 });
    const loss = () => {
      const hidden = model.hiddenStates(model.idsTensor(ids));
      const fromLogits = sparseCrossEntropy(model.logits(hidden), labels);
      return linearCrossEntropy(hidden, model.head, labels).add(fromLogits);
    };
    const steps = train({ module: model, loss, batches: [0], optimizer, steps: 1 });
    for await (const { gradientNorm } of steps) assert.ok(gradientNorm > 0);
    optimizer.dispose();
  };
  // tfjs has no gradient of a lookup on wasm.
  for (const [name, parameter] of model.namedParameters()) {
    if (/wte|wpe/.test(name)) parameter.trainable = false;
  }
  await step();
  freezeBaseModel(model);
  injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 4 });
  await step();
  injectLora(model, { targetModules: ['c_fc'], r: 2, alpha: 4, dropout: 0.5 });
  await step();
  model.dispose();
}

/** One step of an adapter on a Llama. */
async function trainLlama(): Promise<void> {
  const model = await loadModel(path.join(FIXTURES, 'llama_tiny', 'llama'));
  injectLora(model, { targetModules: 'all-linear', r: 2, alpha: 4 });
  const optimizer = adamW({ learningRate: 1e-3 });
  const loss = () =>
    sparseCrossEntropy(model.forward(model.idsTensor([[5, 1, 60, 7]])), [1, 60, 7, 2]);
  const steps = train({ module: model, loss, batches: [0], optimizer, steps: 1 });
  for await (const { gradientNorm } of steps) assert.ok(gradientNorm > 0);
  optimizer.dispose();
  model.dispose();
}

/** Layers alone: an adapter that is merged first, and weights in few bits. */
function runLayers(): void {
  const linear = new Linear({ inFeatures: 4, outFeatures: 4 });
  for (const parameter of linear.namedParameters().values()) parameter.trainable = false;
  const adapted = applyLoraToLinear(linear, { r: 1, alpha: 1 });
  runBackAndForth(adapted, 64, 4);
  runBackAndForth(linear, 3, 4);
  const host = {
    weight: new Float32Array(8 * 64).fill(0.5),
    bias: new Float32Array(8),
    outFeatures: 8,
    inFeatures: 64,
  };
  const packed: LinearLayer[] = [halfLinear(host), quantizedLinear()(host)];
  for (const layer of packed) {
    runBackAndForth(layer, 3, 64);
    layer.denseWeight().dispose();
    layer.dispose();
  }
  adapted.dispose();
  linear.dispose();
}

function runBackAndForth(module: Module, n: number, k: number): void {
  tf.tidy(() => tf.grad((x) => module.forward(x))(new Random(1).normal([n, k], 0, 1)));
}

function recordCompiledOps(): void {
  const backend = tf.backend() as unknown as {
    executeMultipleOutputs: (name: string, ...rest: unknown[]) => unknown;
  };
  const execute = backend.executeMultipleOutputs.bind(backend);
  backend.executeMultipleOutputs = (name, ...rest) => {
    compiled.add(name);
    return execute(name, ...rest);
  };
}

/** The project's own C++ files. */
function sources(): string[] {
  const folder = path.join(projectRoot, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.cc'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
}
