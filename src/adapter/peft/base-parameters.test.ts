import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { baseOf, Net } from '../../../tests/peft-cases';
import { FileError } from '../../files/local';
import { readSafetensors, writeSafetensors } from '../../files/safetensors';
import { injectLora, mergeLora, removeLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { adamW, train } from '../../train/loop';
import { loadAdapter } from './load-adapter';
import { savePretrained } from './save-pretrained';
import { trainBaseParameters } from './train-base-parameters';

const folder = mkdtempSync(path.join(tmpdir(), 'peft-base-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

const UP = { targetModules: ['up'], r: 2, alpha: 5 };
const X = () => new Random(3).normal([4, 6], 0, 1);

async function valuesOf(model: Module): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const [name, parameter] of model.namedParameters()) {
    all.set(name.replace('.base.', '.'), String(await read(parameter)));
  }
  return all;
}

async function outputOf(model: Net): Promise<Float32Array> {
  const [x, y] = tf.tidy(() => [X(), model.forward(X())]);
  tf.dispose(x);
  return read(y).finally(() => tf.dispose(y));
}

async function trainABit(model: Net): Promise<void> {
  const optimizer = adamW({ learningRate: 0.05 });
  const loss = () => model.forward(X()).square().mean();
  for await (const { step } of train({
    module: model,
    loss,
    batches: [1, 2, 3],
    optimizer,
    steps: 3,
  }))
    assert.ok(step);
  optimizer.dispose();
}

const BIASES = [0, 1, 2, 3].map((i) => `model.layers.${i}.up.bias`);
const CASES = [
  { what: { bias: 'lora_only' }, names: BIASES },
  { what: { bias: 'all' }, names: [...BIASES, 'head.bias'] },
  { what: { modulesToSave: ['head'] }, names: ['head.weight', 'head.bias'] },
  {
    what: { modulesToSave: ['0.down', 'head'], bias: 'lora_only' },
    names: [...BIASES, 'model.layers.0.down.weight', 'head.weight', 'head.bias'],
  },
] as const;

describe('trainBaseParameters', () => {
  for (const { what, names } of CASES) {
    test(`${JSON.stringify(what)}: trained, saved, loaded, merged, restored`, async () => {
      const model = new Net();
      const [start, base] = [await valuesOf(model), await outputOf(model)];
      injectLora(model, UP);
      const { bias, modulesToSave } = { bias: 'none', modulesToSave: null, ...what } as const;
      const given = { bias, modulesToSave: modulesToSave && [...modulesToSave] };
      const { names: trained, restoreBase } = await trainBaseParameters(model, given);
      assert.deepEqual([...trained].sort(), [...names].sort());

      await trainABit(model);
      const changed = [...(await valuesOf(model))]
        .filter(([name, values]) => start.has(name) && start.get(name) !== values)
        .map(([name]) => name);
      assert.deepEqual(changed.sort(), [...names].sort());

      const config = await savePretrained(model, folder);
      assert.equal(config.bias, bias);
      const another = new Net();
      await loadAdapter(another, folder);
      const y = await outputOf(model);
      assert.deepEqual(await outputOf(another), y);
      assert.deepEqual(await savePretrained(another, folder, { config }), config);
      await mergeLora(another);
      assertClose(await outputOf(another), y, 1e-5, 'merged');

      removeLora(model);
      assert.notDeepEqual(await outputOf(model), base);
      restoreBase();
      assert.deepEqual(await outputOf(model), base);
      assert.deepEqual(await valuesOf(model), start);
      assert.ok([...model.namedParameters().values()].every(({ trainable }) => !trainable));
    });
  }

  test('leaves nothing behind', async () => {
    const model = new Net();
    await outputOf(model);
    const before = memory();
    injectLora(model, UP);
    const { restoreBase } = await trainBaseParameters(model, { bias: 'all' });
    await savePretrained(model, folder);
    removeLora(model);
    restoreBase();
    const { restoreBase: again } = await loadAdapter(model, folder);
    again();
    removeLora(model);
    await outputOf(model);
    assert.deepEqual(memory(), before);
  });

  test('refuses modules that are missing, have adapters, or are used twice', async () => {
    const model = new Net();
    await assert.rejects(trainBaseParameters(model, { bias: 'all' }), /must have an adapter/);
    injectLora(model, UP);
    for (const [module, pattern] of [
      ['nowhere', /must name modules of the model, got "nowhere"/],
      ['up', /without adapters, got model.layers.0.up/],
    ] as const) {
      await assert.rejects(
        trainBaseParameters(model, { modulesToSave: [module] }),
        (error: Error) => {
          assert.ok(error instanceof ArgumentError);
          assert.match(error.message, pattern);
          return true;
        },
      );
    }
    const gpt2 = await baseOf('gpt2');
    injectLora(gpt2, { targetModules: ['c_attn'], r: 1, alpha: 2 });
    await assert.rejects(
      trainBaseParameters(gpt2, { modulesToSave: ['wte'] }),
      /in a second place too/,
    );
    await assert.rejects(
      trainBaseParameters(gpt2, { modulesToSave: ['h.0.attn'] }),
      /without adapters/,
    );
    assert.ok([...model.namedParameters()].every(([n, p]) => p.trainable === n.includes('.lora.')));
  });
});

describe('savePretrained of trained base parameters', () => {
  test('refuses some of the biases, weights below adapters, and a config that contradicts the model', async () => {
    const some = new Net();
    injectLora(some, UP);
    const parameter = (name: string) => some.namedParameters().get(name) as tf.Variable;
    parameter('model.layers.1.up.base.bias').trainable = true;
    await assert.rejects(savePretrained(some, folder), /must be biases.*layers.1.up.bias/);
    parameter('model.layers.1.up.base.weight').trainable = true;
    await assert.rejects(savePretrained(some, folder), /must be biases.*layers.1.up.bias/);

    const model = new Net();
    injectLora(model, UP);
    await trainBaseParameters(model, { bias: 'lora_only' });
    for (const [config, pattern] of [
      [{ bias: 'none' }, /layers.0.up.bias is trained/],
      [{ bias: 'all' }, /head.bias is not trained/],
      [{ modules_to_save: ['head'] }, /head.weight is not trained/],
    ] as const) {
      const given = { config: config as object };
      await assert.rejects(savePretrained(model, folder, given), pattern);
    }
  });
});

describe('loadAdapter of trained base parameters', () => {
  test('refuses tensors that are missing, too many or misshapen, and leaves the model', async () => {
    const model = new Net();
    injectLora(model, UP);
    await trainBaseParameters(model, { modulesToSave: ['head'] });
    await savePretrained(model, folder);
    const file = path.join(folder, 'adapter_model.safetensors');
    const reader = await readSafetensors(file);
    const good = new Map<string, { shape: number[]; values: Float32Array }>();
    for (const [name, { shape }] of reader.tensors) {
      good.set(name, { shape: [...shape], values: await reader.read(name) });
    }
    await reader.close();
    const head = 'base_model.model.head.weight';
    for (const [change, pattern] of [
      [(tensors: typeof good) => tensors.delete(head), /head.weight is missing/],
      [
        (tensors: typeof good) => Object.assign(tensors.get(head) as object, { shape: [6, 5] }),
        /\[5, 6\]/,
      ],
      [
        (tensors: typeof good) =>
          (tensors.get(head) as { values: Float32Array }).values.fill(NaN, 2, 3),
        /must be finite, got 1 of 30 NaN or infinite/,
      ],
    ] as const) {
      const tensors = new Map(
        [...good].map(([name, one]) => [name, { ...one, values: one.values.slice() }]),
      );
      change(tensors);
      await writeSafetensors(file, tensors, { format: 'pt' });
      const fresh = new Net();
      const start = await valuesOf(fresh);
      await assert.rejects(loadAdapter(fresh, folder), (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, pattern);
        return true;
      });
      assert.deepEqual(await valuesOf(fresh), start);
    }
  });
});
