import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { savePretrained } from '../../adapter/peft';
import { injectLora, removeLora, loraLayersOf } from '../../lora';
import { saveModel } from '../../model';
import { drawWeights, GPT2, type GPT2Config } from '../../model/gpt2';
import { type AcceleratorName, memory, Random, useAccelerator } from '../../tensor/runtime';
import { isReady, tensorflowStep, softwareVulkan } from '../setup';
import { agree, compare } from './compare';
import { makeOurs } from './rivals/ours';
import { Rival } from './rivals/rival-process';
import { makeTfjs } from './rivals/tfjs';
import { adapterFolder, ADAPTERS, ALPHA_OVER_R, RANK, type Work } from './rivals/work';

const config: GPT2Config = {
  vocabSize: 1024,
  maxPositions: 128,
  nEmbd: 128,
  nLayer: 2,
  nHead: 4,
  nInner: 512,
  layerNormEpsilon: 1e-5,
  eosTokenIds: [],
};
const folder = mkdtempSync(path.join(tmpdir(), 'bench-test-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes a model, and in `adapter` the adapters that the bench loads. */
before(async () => {
  await useAccelerator();
  const weights = drawWeights(config, 1);
  const model = new GPT2(config, weights);
  await saveModel(model, folder);
  for (const [seed, name] of ADAPTERS.entries()) {
    injectLora(model, { targetModules: ['c_attn'], r: RANK, alpha: ALPHA_OVER_R * RANK, seed });
    const random = new Random(seed);
    for (const { lora } of loraLayersOf(model).values()) {
      tf.tidy(() => lora.B.assign(random.normal<tf.Rank.R2>(lora.B.shape, 0, 0.1)));
    }
    const to = path.join(folder, adapterFolder(name));
    mkdirSync(to);
    await savePretrained(model, to, { config: { fan_in_fan_out: true } });
    removeLora(model);
  }
  model.dispose();
  tf.dispose([...weights.values()] as tf.Tensor[]);
});

const linear = { kind: 'linear', inFeatures: 12, outFeatures: 20, tokens: 7 } as const;
const WORKS: Work[] = [
  { ...linear, r: 3, backward: true },
  { ...linear, r: 0, backward: true },
  { ...linear, r: 3, backward: false },
  { kind: 'step', batch: 2, time: 16, labelled: 1 },
  { kind: 'step', batch: 2, time: 16, labelled: 0.25 },
  { kind: 'forward', batch: 2, time: 9 },
  { kind: 'mixed', batch: 6, time: 9 },
  { kind: 'generate', prompt: 5, newTokens: 6, adapter: true },
  { kind: 'generate', prompt: 5, newTokens: 6, adapter: false },
];

describe('this library and tfjs ops compute the same numbers and leave no tensor behind', () => {
  for (const work of WORKS) {
    test(JSON.stringify(work), async () => {
      const checks: number[][] = [];
      for (const make of [makeOurs, makeTfjs]) {
        const start = memory();
        const job = await make(work, folder);
        const first = await job.check();
        await job.run();
        const alive = memory();
        for (let i = 0; i < 3; i++) await job.run();
        assert.deepEqual(memory(), alive);
        // After four steps the losses have fallen by the same amount: the gradients agree, too.
        const later = await job.check();
        checks.push(work.kind === 'step' ? [...first, ...later] : first);
        job.dispose();
        assert.deepEqual(memory(), start);
      }
      const [ours = [], tfjs = []] = checks;
      assert.ok(agree(ours, tfjs), `${ours.join()} is not ${tfjs.join()}`);
      if (work.kind === 'step') {
        const fallen = checks.map(([first = NaN, , later = NaN]) => first - later) as [
          number,
          number,
        ];
        assert.ok(fallen[0] > 0 && Math.abs(fallen[0] / fallen[1] - 1) < 0.1, fallen.join());
      }
    });
  }
});

test('rivals agree only if all their numbers do', () => {
  assert.ok(agree([1, -2], [1.0009, -2.0001]));
  for (const other of [[1, -2.01], [1], [1, -2, 3], [1, NaN], [1, 2]]) {
    assert.ok(!agree([1, -2], other), other.join());
  }
});

/**
 * Calls into TensorFlow of one training step of this model of two layers, as counted when attention
 * became one op. A kernel that falls back to its reference makes more.
 */
const MOST_TENSORFLOW_CALLS = 146;
/** Shaders that WebGPU runs in the same step; two a layer compute attention's softmax again. */
const MOST_SHADERS = 148;

const step: Work = { kind: 'step', batch: 2, time: 16, labelled: 1 };

// Counts and not times: `npm run bench` measures those.
describe('rivals in processes of their own', () => {
  for (const [backend, missing] of [
    ['cpu-native', tensorflowStep.parts.every(isReady) ? false : 'no native TensorFlow'],
    ['wasm', false],
  ] satisfies [AcceleratorName, string | false][]) {
    test(`agree and are timed on ${backend}`, { skip: missing }, async () => {
      const rivals: Rival[] = [];
      for (const name of ['ours', 'tfjs'] as const) {
        rivals.push(await Rival.ofNode(name, folder, { LORA_BACKEND: backend }));
      }
      const [compared] = await compare(rivals, { works: [step], rounds: 1 });
      for (const rival of rivals) await rival.stop();
      for (const name of ['ours', 'tfjs'] as const) {
        assert.ok((compared?.times[name]?.median ?? NaN) > 0, name);
      }
      if (backend === 'wasm') return;
      const { ours = NaN, tfjs = NaN } = compared?.dispatches ?? {};
      const counts = `a step calls TensorFlow ${ours} times, with tfjs ops ${tfjs} times`;
      assert.ok(ours <= MOST_TENSORFLOW_CALLS && ours < tfjs, counts);
    });
  }

  const vulkan = softwareVulkan();
  const missing = vulkan ? false : 'no software Vulkan';
  test('a step on webgpu runs no more shaders than counted', { skip: missing }, async () => {
    const rival = await Rival.ofNode('ours', folder, vulkan ?? {});
    await rival.prepare('step', step);
    const { count = NaN } = await rival.ask({ count: 'step' });
    await rival.stop();
    assert.ok(count <= MOST_SHADERS, `a step runs ${count} shaders`);
  });
});
