/* Every kind of adapter on decoders like Llama's: default targets, starts, training, banks, sums, few bits. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { exampleOf } from '../../../tests/example';
import { decodeFloat32, FIXTURES } from '../../../tests/fixture';
import { tolerance } from '../../../tests/llama-cases';
import { peftCases, trainingCase } from '../../../tests/peft-cases';
import { onSoftwareGpu, someOf } from '../../../tests/some-of';
import {
  AdapterBank,
  BASE_ALONE,
  type BaseInit,
  cat,
  combineAdapters,
  convertToLora,
  initFromBase,
  loadAdapter,
  olora,
  pissa,
  savePretrained,
} from '../../adapter';
import {
  dora,
  injectLora,
  type InjectOptions,
  loraLayersOf,
  mergeLora,
  mergeLoraWeights,
  removeLora,
  rsLora,
  unmergeLoraWeights,
} from '../../lora';
import { Linear, LinearLayer, type MakeLinear, modulesOf } from '../../tensor/nn';
import { halfLinear, quantizedLinear } from '../../tensor/quant';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { adamW, completionLoss, loraPlus, makeBatch, train } from '../../train';
import { loadModel, saveModel } from '..';
import { generate, type LanguageModel } from '../transformer';

const ROWS = [
  [5, 17, 60, 3, 22, 41],
  [9, 4, 33, 58, 12, 7],
  [30, 8, 8, 51, 19, 44],
];
const ALL: InjectOptions = { targetModules: 'all-linear', r: 3, alpha: 5, seed: 2 };

const folder = mkdtempSync(path.join(tmpdir(), 'llama-adapters-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

const load = (kind: string, linear?: MakeLinear) =>
  loadModel(
    path.join(FIXTURES, kind === 'gpt2' ? 'gpt2_tiny' : `llama_tiny/${kind}`),
    linear ? { linear } : {},
  );

/** Puts an adapter with a B that is not zero on a model. */
function adapt(model: LanguageModel, options: InjectOptions = ALL): void {
  injectLora(model, options);
  for (const [i, { lora }] of [...loraLayersOf(model).values()].entries()) {
    const random = new Random((options.seed ?? 0) + i);
    tf.tidy(() => lora.B.assign(random.normal<tf.Rank.R2>(lora.B.shape, 0, 0.1)));
  }
}

async function logitsOf(model: LanguageModel, rows = ROWS): Promise<Float32Array> {
  const logits = tf.tidy(() => model.forward(model.idsTensor(rows)));
  return read(logits).finally(() => logits.dispose());
}

/** The gradients of what is trained, by name. */
async function gradientsOf(model: LanguageModel, loss: () => tf.Scalar) {
  const trainable = [...model.namedParameters()].filter(([, one]) => one.trainable);
  const variables = trainable.map(([, parameter]) => parameter);
  const { value, grads } = tf.variableGrads(loss, variables);
  const values = new Map<string, Float32Array>();
  for (const [name, parameter] of trainable) {
    values.set(name, await read(grads[parameter.name] as tf.Tensor));
  }
  tf.dispose([value, grads]);
  return values;
}

test('The default targets are those of PEFT', async () => {
  const cases = peftCases.filter(({ name }) => name === 'without targets');
  assert.equal(cases.length, 8);
  for (const { kind, config } of cases) {
    const model = await load(kind);
    const { target_modules } = JSON.parse(config) as { target_modules: string[] };
    assert.deepEqual([...(model.defaultTargets ?? [])].sort(), target_modules.sort(), kind);
    const names = injectLora(model, { r: 2, alpha: 3 });
    removeLora(model);
    assert.deepEqual(names, injectLora(model, { targetModules: target_modules, r: 2, alpha: 3 }));
    model.dispose();
  }
});

test('A training with LoRA+ follows PEFT loss for loss', async () => {
  const { kind, settings, start, options, ids, labels, losses } = trainingCase;
  const model = await load(kind);
  const { r, lora_alpha: alpha, target_modules: targetModules } = settings;
  injectLora(model, { targetModules, r, alpha });
  for (const [name, { lora }] of loraLayersOf(model)) {
    for (const matrix of ['A', 'B'] as const) {
      const values = decodeFloat32(start[`${name}.lora_${matrix}.weight`] as never);
      tf.tidy(() => lora[matrix].assign(tf.tensor2d(values, lora[matrix].shape)));
    }
  }
  const { ratio, ...rates } = options;
  const count = onSoftwareGpu ? 3 : losses.length;
  const steps = train({
    module: model,
    loss: (batch) => completionLoss(model, batch),
    batches: Array.from({ length: count }, () => ({ ids, labels })),
    optimizer: adamW({ ...rates, ratio: loraPlus(ratio) }),
    steps: count,
  });
  for await (const { step, loss } of steps) {
    assertClose([loss], [losses[step - 1] as number], 1e-4, `loss of step ${step}`);
  }
  model.dispose();
});

describe('a start from the base', () => {
  for (const [kind, init, targetModules] of [
    ['llama', pissa, 'all-linear'], // with keys and values of one head
    ['llama_biases', olora, ['lm_head', 'o_proj']],
  ] as [string, BaseInit, string | string[]][]) {
    test(`${init.name} on ${kind} changes nothing, trains, is converted, saved and loaded`, async () => {
      const model = await load(kind);
      const base = await logitsOf(model);
      injectLora(model, { ...ALL, targetModules });
      await initFromBase(model, init);
      assertClose(await logitsOf(model), base, tolerance());
      for (const { lora } of loraLayersOf(model).values()) {
        const noise = new Random(4).normal<tf.Rank.R2>(lora.B.shape, 0, 0.05);
        tf.tidy(() => lora.B.assign(lora.B.add(noise)));
        noise.dispose();
      }
      const trained = await logitsOf(model);
      assert.throws(() => assertClose(trained, base, 1e-2));
      convertToLora(model);
      assertClose(await logitsOf(model), trained, tolerance());
      await savePretrained(model, folder);
      removeLora(model);
      assert.deepEqual(await logitsOf(model), base);
      await loadAdapter(model, folder);
      assertClose(await logitsOf(model), trained, tolerance());
      model.dispose();
    });
  }
});

describe('merged, an adapter', () => {
  for (const [kind, more] of [
    ['mistral', { scaling: rsLora }],
    ['smollm3', { variant: dora }],
  ] as [string, Partial<InjectOptions>][]) {
    test(`on ${kind} computes the same, also saved and loaded as a model, and is taken off again`, async () => {
      const model = await load(kind);
      adapt(model, { ...ALL, ...more });
      for (const layer of loraLayersOf(model).values()) {
        const merged = await mergeLoraWeights(layer);
        const unmerged = await unmergeLoraWeights(merged, layer.lora, layer.variant);
        const { weight } = layer.base as Linear;
        assertClose(await read(unmerged.weight), await read(weight), tolerance());
        for (const one of [merged, unmerged]) one.dispose();
      }
      const adapted = await logitsOf(model);
      await mergeLora(model);
      assertClose(await logitsOf(model), adapted, tolerance());
      await saveModel(model, folder);
      const again = await loadModel(folder);
      assert.deepEqual(await logitsOf(again), await logitsOf(model));
      for (const one of [model, again]) one.dispose();
    });
  }
});

describe('a bank', () => {
  const PROMPTS = [[5, 17], [9, 4, 33, 58, 12], [30], [8, 51, 19]];
  const NAMES = ['default', 'all', BASE_ALONE, 'default'];
  const COMPLETIONS = [[22, 41, 3], [7], [44, 44], [60, 1, 2, 8]];

  async function bankOn(model: LanguageModel) {
    const bank = new AdapterBank(model);
    await bank.add('default', () => adapt(model, { r: 2, alpha: 7, seed: 20, scaling: rsLora }));
    await bank.add('all', () => adapt(model));
    return bank;
  }

  const KINDS: [string, MakeLinear | undefined][] = [
    ['llama_biases', quantizedLinear()],
    ['qwen3', undefined],
    ['gemma3', undefined],
  ];
  for (const [kind, linear] of someOf(KINDS, 3)) {
    test(`gives each row of a padded batch what its adapter gives it alone (${kind}${linear ? ', 4 bits' : ''})`, async () => {
      const model = await load(kind, linear);
      const bank = await bankOn(model);
      const options = { maxNewTokens: 4, stopTokens: [] };
      bank.forRows(NAMES);
      const together = await generate(model, PROMPTS, options);
      const batches = PROMPTS.map((prompt, i) =>
        makeBatch([exampleOf({ prompt, completion: COMPLETIONS[i] as number[] })]),
      );
      const all = await gradientsOf(model, () => completionLoss(model, ...batches));
      const sums = new Map<string, Float32Array>();
      for (const [i, name] of NAMES.entries()) {
        bank.activate(...(name === BASE_ALONE ? [] : [name]));
        const [alone] = await generate(model, [PROMPTS[i] as number[]], options);
        assert.deepEqual(together[i], alone, `row ${i}, ${name}`);
        if (name === BASE_ALONE) continue;
        const batch = batches[i] as (typeof batches)[0];
        for (const [own, values] of await gradientsOf(model, () => completionLoss(model, batch))) {
          const mixed = own.replace('.lora.', `.lora.${name}.`);
          const before = sums.get(mixed);
          sums.set(
            mixed,
            values.map((value, at) => value + (before?.[at] ?? 0)),
          );
        }
      }
      assert.deepEqual([...all.keys()].sort(), [...sums.keys()].sort());
      for (const [name, values] of sums) {
        assertClose(all.get(name) as Float32Array, values, tolerance(5e-5), name);
      }
      bank.dispose();
      model.dispose();
    });
  }

  test('of two adapters in use computes what cat combines of them (qwen2)', async () => {
    const model = await load('qwen2');
    const bank = await bankOn(model);
    bank.activate('default', 'all');
    const sum = await logitsOf(model);
    const parts = ['default', 'all'].map((name) => ({ layers: bank.layers(name), weight: 1 }));
    const combined = await combineAdapters(parts, cat());
    bank.dispose();
    combined(model);
    assertClose(await logitsOf(model), sum, tolerance());
    model.dispose();
  });
});

describe('a base that is loaded in few bits', () => {
  const BASES: [string, MakeLinear, string, Partial<InjectOptions>][] = [
    ['4 bits', quantizedLinear({ doubleQuantize: true }), 'qwen2', { scaling: rsLora }],
    ['4 bits with DoRA', quantizedLinear(), 'llama', { variant: dora }],
    ['float16', halfLinear, 'gemma3', {}],
  ];
  for (const [what, linear, kind, more] of someOf(BASES, 3)) {
    test(`trains and merges an adapter as one of its rounded weights does: ${what} (${kind})`, async () => {
      const [packed, dense] = [await load(kind, linear), await load(kind)];
      const weights = modulesOf(packed, LinearLayer);
      for (const [name, one] of modulesOf(dense, Linear)) {
        tf.tidy(() => one.weight.assign((weights.get(name) as LinearLayer).denseWeight()));
      }
      for (const model of [packed, dense]) adapt(model, { ...ALL, ...more });
      const want = await logitsOf(dense);
      assertClose(await logitsOf(packed), want, tolerance());
      const batch = makeBatch(ROWS.map((row) => exampleOf({ prompt: row, completion: [3, 2] })));
      const [got, expected] = await Promise.all(
        [packed, dense].map((model) => gradientsOf(model, () => completionLoss(model, batch))),
      );
      assert.ok(got && expected && got.size === expected.size && got.size > 0);
      for (const [name, values] of expected) {
        assertClose(got.get(name) as Float32Array, values, tolerance(5e-5), name);
      }
      await mergeLora(packed);
      assertClose(await logitsOf(packed), want, tolerance());
      for (const model of [packed, dense]) model.dispose();
    });
  }
});

test('Adapters come and go on a decoder and leave nothing behind', async () => {
  const model = await load('qwen3');
  await logitsOf(model);
  const start = memory();
  adapt(model, { ...ALL, variant: dora });
  await savePretrained(model, folder);
  removeLora(model);
  await loadAdapter(model, folder);
  await logitsOf(model);
  removeLora(model);
  assert.deepEqual(memory(), start);
  model.dispose();
});
