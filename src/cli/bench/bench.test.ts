import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { savePretrained } from '../../adapter/peft';
import { injectLora, removeLora, loraLayersOf } from '../../lora';
import { saveModel } from '../../model';
import { drawWeights, GPT2, type GPT2Config, weightShapes } from '../../model/gpt2';
import { type AcceleratorName, memory, Random, useAccelerator } from '../../tensor/runtime';
import { isReady, nativeStep, softwareVulkan } from '../setup';
import { agree, compare, type Compared } from './compare';
import { makeOurs } from './ours';
import { Rival } from './rival-process';
import { makePlain } from './tfjs';
import {
  adapterFolder,
  ADAPTERS,
  ALPHA_OVER_R,
  floorMilliseconds,
  operations,
  RANK,
  type Work,
} from './work';

const config: GPT2Config = {
  ...{ vocabSize: 1024, maxPositions: 128, nEmbd: 128, nLayer: 2, nHead: 4, nInner: 512 },
  ...{ layerNormEpsilon: 1e-5, eosTokenIds: [] },
};
const folder = mkdtempSync(path.join(tmpdir(), 'bench-test-'));
after(() => rmSync(folder, { recursive: true }));

/** A model, and in `adapter` what the bench puts beside it. */
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

describe('this library and plain tfjs ops compute the same, and leave nothing behind', () => {
  for (const work of WORKS) {
    test(JSON.stringify(work), async () => {
      const checks: number[][] = [];
      for (const make of [makeOurs, makePlain]) {
        const start = memory();
        const job = await make(work, folder);
        const first = await job.check();
        await job.run();
        const alive = memory();
        for (let i = 0; i < 3; i++) await job.run();
        assert.deepEqual(memory(), alive);
        // After four steps the loss is lower by as much: the gradients are the same, too.
        const later = await job.check();
        checks.push(work.kind === 'step' ? [...first, ...later] : first);
        job.dispose();
        assert.deepEqual(memory(), start);
      }
      const [ours = [], plain = []] = checks;
      assert.ok(agree(ours, plain), `${ours.join()} is not ${plain.join()}`);
      if (work.kind === 'step') {
        const fallen = checks.map(([first = NaN, later = NaN]) => first - later) as [
          number,
          number,
        ];
        assert.ok(fallen[0] > 0 && Math.abs(fallen[0] / fallen[1] - 1) < 0.1, fallen.join());
      }
    });
  }
});

test('rivals agree only where all their numbers do', () => {
  assert.ok(agree([1, -2], [1.0009, -2.0001]));
  for (const other of [[1, -2.01], [1], [1, -2, 3], [1, NaN], [1, 2]]) {
    assert.ok(!agree([1, -2], other), other.join());
  }
});

test('a forward pass takes two operations a weight and token, and what attention takes', () => {
  const distil = { ...config, vocabSize: 50257, nEmbd: 768, nLayer: 6, nInner: 3072 };
  const matrices = [...weightShapes(distil)].filter(
    ([name, shape]) => shape.length === 2 && !name.endsWith('wpe.weight'),
  );
  const weights = matrices.reduce((sum, [, [k = 0, d = 0]]) => sum + k * d, 0);
  const [n, time] = [512, 128];
  const adapter = 6 * 8 * (768 + 2304);
  const attention = 6 * 2 * 2 * n * (time / 2) * 768;
  const work: Work = { kind: 'forward', batch: 4, time };
  assert.equal(operations(work), 2 * n * (weights + adapter) + attention);
  const rates = { operationsPerSecond: 1e12, bytesPerSecond: 1e15 };
  assert.equal(floorMilliseconds(work, rates), operations(work) / 1e9);
});

/** Calls into TensorFlow, and shaders that WebGPU runs, of one step of two layers. */
const DISPATCHES = 172;
const WEBGPU_DISPATCHES = 146;

describe('no slower than before', () => {
  // Ratios within one run, the best of several rounds each, with room for what else computes.
  const step: Work = { kind: 'step', batch: 4, time: 64, labelled: 1 };
  const layer = { kind: 'linear', inFeatures: 256, outFeatures: 768, tokens: 512 } as const;
  const works: Work[] = [
    step,
    { ...layer, r: 8, backward: true },
    { ...layer, r: 0, backward: true },
  ];

  for (const [backend, most, missing] of [
    ['cpu-native', 0.9, nativeStep.parts.every(isReady) ? false : 'no native TensorFlow'],
    ['wasm', 0.9, false],
  ] satisfies [AcceleratorName, number, string | false][]) {
    test(`on ${backend}`, { skip: missing }, async () => {
      const start = (name: 'ours' | 'plain') =>
        Rival.ofNode(name, folder, { LORA_BACKEND: backend });
      const rivals = [await start('ours'), await start('plain')];
      const all = await compare(rivals, { works, rounds: 8 });
      for (const rival of rivals) await rival.stop();
      const [stepped, adapted, base] = all as [Compared, Compared, Compared];
      const best = ({ times }: Compared, name: 'ours' | 'plain') => times[name]?.best ?? NaN;
      const overPlain = best(stepped, 'ours') / best(stepped, 'plain');
      const overBase = best(adapted, 'ours') / best(base, 'ours');
      assert.ok(overPlain < most, `a step takes ${overPlain} of plain tfjs's time`);
      assert.ok(overBase < 2, `LoRA takes ${overBase} of the layer's time`);
      if (backend === 'cpu-native') {
        const { ours = NaN, plain = NaN } = stepped.dispatches;
        assert.ok(ours <= DISPATCHES, `a step calls TensorFlow ${ours} times, plain tfjs ${plain}`);
      }
    });
  }

  const vulkan = softwareVulkan();
  test('on webgpu, by dispatches', { skip: vulkan ? false : 'no software Vulkan' }, async () => {
    const rival = await Rival.ofNode('ours', folder, vulkan ?? {});
    await rival.prepare('step', { kind: 'step', batch: 1, time: 8, labelled: 1 });
    const { count = NaN } = await rival.ask({ count: 'step' });
    await rival.stop();
    assert.ok(count <= WEBGPU_DISPATCHES, `a step takes ${count} dispatches`);
  });
});
