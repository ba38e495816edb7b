import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { FIXTURES, readTensors } from '../../tests/fixture';
import { onSoftwareGpu } from '../../tests/some-of';
import { injectLora } from '../lora';
import { loadModel } from '../model';
import type { LanguageModel } from '../model/transformer';
import { memory, read, useAccelerator } from '../tensor/runtime';
import { adamW, cosineDecay, IGNORED, sparseCrossEntropy, train, warmUp } from './loop';

const [STEPS, WARM_UP, BATCH, TIME] = [50, 5, 3, 11];
const golden = JSON.parse(readFileSync(path.join(FIXTURES, 'gpt2_lora.json'), 'utf8')) as {
  losses: number[];
  norms: number[];
};

interface Batch {
  ids: number[][];
  labels: number[];
}

/** PEFT's name of one of our parameters. */
function peftName(when: string, name: string): string {
  return `${when}.${name.replace(/\.lora\.([AB])$/, '.lora_$1.weight')}`;
}

function batchesOf(tensors: Map<string, Float32Array>): Batch[] {
  const rows = (name: string, step: number, row: number) => {
    const start = (step * BATCH + row) * TIME;
    return Array.from(tensors.get(name) ?? []).slice(start, start + TIME);
  };
  return Array.from({ length: STEPS }, (_, step) => ({
    ids: [0, 1, 2].map((row) => rows('ids', step, row).slice(0, -1)),
    labels: [0, 1, 2].flatMap((row) =>
      rows('labels', step, row)
        .slice(1)
        .map((label) => (label < 0 ? IGNORED : label)),
    ),
  }));
}

describe('fine-tuning GPT-2 with LoRA, against transformers and PEFT in float64', () => {
  let model: LanguageModel;
  let tensors: Map<string, Float32Array>;
  before(async () => {
    await useAccelerator();
    [model, tensors] = await Promise.all([
      loadModel(path.join(FIXTURES, 'gpt2_tiny')),
      readTensors('gpt2_lora.safetensors'),
    ]);
  });

  test('fifty steps follow loss for loss, five on a GPU in software, and leave the base alone', async () => {
    const targetModules = ['c_attn', 'mlp.c_proj'];
    assert.equal(injectLora(model, { targetModules, r: 4, alpha: 10 }).length, 4);
    const parameters = model.namedParameters();
    const adapters = [...parameters].filter(([, { trainable }]) => trainable);
    for (const [name, parameter] of adapters) {
      const start = tensors.get(peftName('before', name)) as Float32Array;
      tf.tidy(() => parameter.assign(tf.tensor(start, parameter.shape)));
    }
    const base = [...parameters].filter(([, { trainable }]) => !trainable);
    const frozen = await Promise.all(base.map(([, parameter]) => read(parameter)));

    const count = onSoftwareGpu ? 5 : STEPS;
    const steps = train<Batch>({
      module: model,
      loss: ({ ids, labels }) => sparseCrossEntropy(model.forward(model.idsTensor(ids)), labels),
      batches: batchesOf(tensors),
      optimizer: adamW({ learningRate: 0.02, weightDecay: 0.1 }),
      schedule: warmUp(WARM_UP, cosineDecay(STEPS - WARM_UP)),
      steps: count,
      maxGradientNorm: 1,
    });
    let held = memory();
    for await (const { step, loss, gradientNorm } of steps) {
      const [wantLoss = NaN, wantNorm = NaN] = [golden.losses[step - 1], golden.norms[step - 1]];
      assertClose([loss], [wantLoss], 1e-4, `loss of step ${step}`);
      assertClose([gradientNorm], [wantNorm], 1e-3, `gradient norm of step ${step}`);
      if (step === 2) held = memory();
      if (step > 2) assert.deepEqual(memory(), held);
    }
    for (const [name, parameter] of count === STEPS ? adapters : []) {
      const end = tensors.get(peftName('after', name)) as Float32Array;
      assertClose(await read(parameter), end, 1e-3, name);
    }
    for (const [i, [name, parameter]] of base.entries()) {
      assert.deepEqual(await read(parameter), frozen[i], name);
    }
  });
});
