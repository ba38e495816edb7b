import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { savePretrained } from '../../adapter/peft';
import { injectLora, loraLayersOf } from '../../lora';
import { createModel, saveModel } from '../../model';
import { memory, Random, useAccelerator } from '../../tensor/runtime';
import { isReady, tensorflowStep } from '../setup';
import { compare } from './compare';
import { makeOurs } from './rivals/ours';
import { Rival } from './rivals/rival-process';
import { llamaShape } from './rivals/shapes';
import { adapterFolder, ADAPTERS, ALPHA_OVER_R, RANK, type Work } from './rivals/work';

const shape = llamaShape('tiny', {
  vocab_size: 1024,
  max_position_embeddings: 64,
  hidden_size: 48,
  intermediate_size: 80,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 8,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
});
const WORKS: Work[] = [
  { kind: 'step', batch: 2, time: 16, labelled: 1 },
  { kind: 'forward', batch: 2, time: 9 },
  { kind: 'generate', prompt: 5, newTokens: 6, adapter: true },
];

const folder = mkdtempSync(path.join(tmpdir(), 'decoder-test-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes a model with random weights, and an adapter of it whose B is not zero. */
before(async () => {
  await useAccelerator();
  const model = await createModel(shape.config, { seed: 1 });
  await saveModel(model, folder);
  const random = new Random(1);
  injectLora(model, { targetModules: [...shape.targets], r: RANK, alpha: ALPHA_OVER_R * RANK });
  for (const { lora } of loraLayersOf(model).values()) {
    tf.tidy(() => lora.B.assign(random.normal<tf.Rank.R2>(lora.B.shape, 0, 0.1)));
  }
  const to = path.join(folder, adapterFolder(ADAPTERS[0]));
  mkdirSync(to);
  await savePretrained(model, to);
  model.dispose();
});

describe('the works on a decoder like Llama leave no tensor behind', () => {
  for (const work of WORKS) {
    test(JSON.stringify(work), async () => {
      const start = memory();
      const job = await makeOurs(work, folder);
      const first = await job.check();
      await job.run();
      const alive = memory();
      for (let i = 0; i < 3; i++) await job.run();
      assert.deepEqual(memory(), alive);
      const later = await job.check();
      if (work.kind === 'step') assert.ok((later[0] ?? NaN) < (first[0] ?? NaN), 'the loss falls');
      else assert.deepEqual(later, first);
      job.dispose();
      assert.deepEqual(memory(), start);
    });
  }
});

const missing = tensorflowStep.parts.every(isReady) ? false : 'no native TensorFlow';
test('compiled kernels compute what tfjs ops do, and are timed', { skip: missing }, async (t) => {
  const rivals: Rival[] = [];
  t.after(() => Promise.all(rivals.map((rival) => rival.stop())));
  for (const name of ['reference', 'ours'] as const) {
    rivals.push(await Rival.ofNode(name, folder, { LORA_BACKEND: 'cpu-native' }));
  }
  const compared = await compare(rivals, { works: WORKS, rounds: 1 });
  for (const { work, times } of compared) {
    for (const name of ['reference', 'ours'] as const) {
      assert.ok((times[name]?.median ?? NaN) > 0, `${name}: ${JSON.stringify(work)}`);
    }
  }
});
