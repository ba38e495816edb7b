/*
 * The cases that PEFT's own test suite has for LoRA (its tests/, version 0.21), and where they are
 * held here; those without a place follow below.
 *
 * no-op at first: below, dora.test, start-from-base.test · how A and B are drawn: lora.test,
 * init.test · scales, ranks and alphas by pattern: golden.test, below · only the adapter changes:
 * train/golden.test, base-parameters.test · every trainable has a gradient: golden.test · merge, unmerge,
 * twice, NaN and infinity: lora.test, dora.test, peft.test · on and off, several adapters, mixed
 * batches, deleting and naming them: src/bank · which keys: below, base-parameters.test · missing and unknown
 * keys, shapes: peft.test · config there and back: peft.test, golden.test · target names:
 * plan-adapter.test · weighted sums: src/combine · LoRA+: optimizer.test · PiSSA and OLoRA and back:
 * start-from-base.test · model card: peft.test
 *
 * Not here, for there is no such thing: init_lora_weights = False (an `init` of one's own does it),
 * merging unchecked (every merge is checked), merging in place (a merged model is a plain one),
 * loading onto the meta device, half precision in memory (only in files), hot swap (src/bank
 * switches), Conv layers, lora_bias and the other features that the README lists as refused.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { Net } from '../../../tests/peft-cases';
import { readSafetensors } from '../../files/safetensors';
import {
  dora,
  gaussian,
  injectLora,
  type InjectOptions,
  kaimingUniform,
  mergeLora,
  orthogonal,
  rsLora,
  loraLayersOf,
} from '../../lora';
import { Linear, Module } from '../../tensor/nn';
import { Random, read, useAccelerator } from '../../tensor/runtime';
import { olora, pissa, initFromBase } from '../base-init';
import { cat, combineAdapters } from '../combine';
import { loadAdapter } from './load-adapter';
import { savePretrained } from './save-pretrained';
import { trainBaseParameters } from './train-base-parameters';

const folder = mkdtempSync(path.join(tmpdir(), 'peft-suite-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

const BOTH = { targetModules: ['up', 'down'], r: 2, alpha: 5 };

async function outputOf(model: Module): Promise<Float32Array> {
  const y = tf.tidy(() => model.forward(new Random(3).normal([4, 6], 0, 1)));
  return read(y).finally(() => y.dispose());
}

/** Makes every B random. */
function fill(model: Module, seed: number): void {
  for (const { lora } of loraLayersOf(model).values()) {
    tf.tidy(() => lora.B.assign(new Random(seed++).normal<tf.Rank.R2>(lora.B.shape, 0, 0.3)));
  }
}

function adapted(seed: number, more: Partial<InjectOptions> = {}): Net {
  const model = new Net();
  injectLora(model, { ...BOTH, seed, ...more });
  fill(model, seed);
  return model;
}

describe('at first nothing changes', () => {
  for (const [name, more, start] of [
    ['Kaiming', { init: kaimingUniform }, null],
    ['gaussian', { init: gaussian }, null],
    ['orthogonal', { init: orthogonal }, null],
    ['rsLoRA', { scaling: rsLora }, null],
    ['DoRA', { variant: dora }, null],
    ['PiSSA', {}, pissa],
    ['OLoRA', {}, olora],
  ] as const) {
    test(name, async () => {
      const model = new Net();
      const base = await outputOf(model);
      injectLora(model, { ...BOTH, ...more });
      if (start) await initFromBase(model, start);
      assertClose(await outputOf(model), base, 1e-5);
    });
  }
});

test('scales are alpha / r and alpha / √r to the bit, by pattern too', () => {
  const r = (name: string) => (name.includes('.0.') ? 3 : 4);
  const alpha = (name: string) => (name.endsWith('up') ? 11 : 13);
  for (const scaling of [undefined, rsLora]) {
    const model = new Net();
    injectLora(model, { ...BOTH, r, alpha, ...(scaling ? { scaling } : {}) });
    for (const [name, { lora }] of loraLayersOf(model)) {
      const rank = scaling ? Math.sqrt(r(name)) : r(name);
      assert.equal(lora.scaling, alpha(name) / rank, name);
    }
  }
});

test('two adapters: their sum is neither of them, in any order, and merged one by one', async () => {
  const [first, second] = [adapted(1), adapted(20)];
  const parts = [first, second].map((model) => ({ layers: loraLayersOf(model), weight: 1 }));
  const sums = [];
  for (const order of [parts, [...parts].reverse()]) {
    const model = new Net();
    (await combineAdapters(order, cat()))(model);
    sums.push(await outputOf(model));
  }
  const [sum, reversed] = sums as [Float32Array, Float32Array];
  assertClose(reversed, sum, 1e-5);
  const each = [await outputOf(first), await outputOf(second), await outputOf(new Net())];
  for (const one of each) assert.throws(() => assertClose(one, sum, 1e-2));
  // The second adapter, on the model that the first was merged into.
  await mergeLora(first);
  (await combineAdapters(parts.slice(1), cat()))(first);
  assertClose(await outputOf(first), sum, 1e-5);
});

test('saved, loaded onto a model of another seed, and merged there', async () => {
  const model = adapted(5, { variant: dora, scaling: rsLora });
  await savePretrained(model, folder);
  const another = adapted(77, { targetModules: ['head'] });
  await mergeLora(another);
  const base = await outputOf(another);
  const fresh = new Net();
  await loadAdapter(fresh, folder);
  assert.deepEqual(await outputOf(fresh), await outputOf(model));
  await loadAdapter(another, folder);
  assert.notDeepEqual(await outputOf(another), base);
});

/** Names of modules that look like parts of the format. */
const ODD = [
  'base_model.model',
  'lora_A.default',
  'lora.base.lora',
  'weight.base',
  'bias.base_layer',
  'default',
  'modules_to_save.base.x',
];

class Odd extends Module {
  constructor() {
    super();
    for (const [i, name] of ODD.entries()) {
      this.addChild(name, new Linear({ inFeatures: 6, outFeatures: 6, seed: i }));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => ODD.reduce((h, name) => this.child(name).forward(h).tanh(), x));
  }
}

describe('modules whose names look like parts of the format', () => {
  for (const bias of ['none', 'lora_only'] as const) {
    test(`bias ${bias}: have PEFT's keys, and come back`, async () => {
      const model = new Odd();
      const names = ODD.slice(0, -1);
      injectLora(model, { targetModules: (name) => names.includes(name), r: 2, alpha: 5 });
      fill(model, 9);
      const { restoreBase } = await trainBaseParameters(model, {
        bias,
        modulesToSave: ODD.slice(-1),
      });
      for (const parameter of model.namedParameters().values()) {
        if (parameter.trainable) tf.tidy(() => parameter.assign(parameter.add(0.1)));
      }
      await savePretrained(model, folder);
      const reader = await readSafetensors(path.join(folder, 'adapter_model.safetensors'));
      const kinds = [
        'lora_A.weight',
        'lora_B.weight',
        ...(bias === 'none' ? [] : ['base_layer.bias']),
      ];
      const want = [
        ...names.flatMap((name) => kinds.map((kind) => `${name}.${kind}`)),
        ...['weight', 'bias'].map((kind) => `${ODD.at(-1)}.${kind}`),
      ].map((name) => `base_model.model.${name}`);
      assert.deepEqual([...reader.tensors.keys()].sort(), want.sort());
      await reader.close();
      const another = new Odd();
      assert.deepEqual((await loadAdapter(another, folder)).names.sort(), [...names].sort());
      assert.deepEqual(await outputOf(another), await outputOf(model));
      restoreBase();
    });
  }
});
