import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { injectLora, loraLayersOf, mergeLora, removeLora } from '../../lora';
import { Linear, Module } from '../../tensor/nn';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { convertToLora, initFromBase, olora } from '../base-init';
import { savePretrained } from '../peft';
import { AdapterBank } from './adapter-bank';
import { BASE_ALONE } from './mixtures';

before(useAccelerator);

/** Two layers, one after the other. */
class Net extends Module {
  constructor() {
    super();
    this.addChild('a', new Linear({ inFeatures: 4, outFeatures: 6, seed: 1 }));
    this.addChild('b', new Linear({ inFeatures: 6, outFeatures: 3, seed: 2 }));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.child('b').forward(this.child('a').forward(x)));
  }
}

async function outputOf(model: Module): Promise<Float32Array> {
  const y = tf.tidy(() => model.forward(tf.ones([2, 4])));
  return read(y).finally(() => y.dispose());
}

/** Puts an adapter with a B that is not zero on the targets. */
function adapt(targetModules: string[], seed: number) {
  return (model: Module) => {
    injectLora(model, { targetModules, r: 2, alpha: 3, seed });
    for (const { lora } of loraLayersOf(model).values()) {
      tf.tidy(() => lora.B.assign(new Random(seed).normal<tf.Rank.R2>(lora.B.shape, 0, 0.5)));
    }
  };
}

/** A bank of two adapters, 0 and 1. */
async function drawBank(model: Module): Promise<AdapterBank> {
  const bank = new AdapterBank(model);
  await bank.add('0', adapt(['a'], 3));
  await bank.add('1', adapt(['a', 'b'], 4));
  return bank;
}

describe('while an adapter is made', () => {
  /** An adapt that goes on when it is told to. */
  function held(targets: string[], seed: number) {
    let goOn = () => {};
    const wait = new Promise<void>((go) => (goOn = go));
    const held = async (model: Module) => {
      await wait;
      adapt(targets, seed)(model);
    };
    return { held, goOn };
  }

  test('every other change is refused, and nothing of it shows afterwards', async () => {
    const model = new Net();
    const bank = await drawBank(model);
    bank.activate('0');
    const before = await outputOf(model);
    const { held: made, goOn } = held(['a', 'b'], 9);
    const adding = bank.add('2', made);
    const { held: other } = held(['a'], 9);
    const message = (of: string) =>
      new RegExp(`^AdapterBank\\.${of}: the bank must be done with add and replace`);
    const named = (of: string) => ({ name: 'ArgumentError', message: message(of) });
    await assert.rejects(bank.add('2', other), named('add'));
    await assert.rejects(bank.add('3', other), named('add'));
    await assert.rejects(bank.replace('1', other), named('replace'));
    await assert.rejects(
      bank.disabled(() => 1),
      named('disabled'),
    );
    assert.throws(() => bank.activate('1'), named('activate'));
    assert.throws(() => bank.activate(), named('activate'));
    assert.throws(() => bank.forRows(['1']), named('forRows'));
    assert.throws(() => bank.delete('1'), named('delete'));
    goOn();
    await adding;
    assert.deepEqual(bank.names, ['0', '1', '2']);
    assert.deepEqual(await outputOf(model), before);
    bank.activate('2');
    assert.notDeepEqual(await outputOf(model), before);
    bank.dispose();
    model.dispose();
  });

  test('a failure leaves the bank as it was, and ready', async () => {
    const model = new Net();
    const bank = await drawBank(model);
    bank.forRows(['0', '1']);
    const before = memory().tensors;
    const failing = bank.add('2', () => Promise.reject(new Error('no such file')));
    assert.throws(() => bank.activate('1'), /be done with add/);
    await assert.rejects(failing, /no such file/);
    assert.equal(memory().tensors, before);
    bank.activate('1');
    await bank.add('2', adapt(['a'], 1));
    bank.dispose();
    model.dispose();
  });

  test('disposing the bank ends it: the adapter is on the model, and the add says so', async () => {
    const model = new Net();
    const start = memory().tensors;
    const bank = await drawBank(model);
    const { held: made, goOn } = held(['a', 'b'], 9);
    const adding = bank.add('2', made);
    bank.dispose();
    goOn();
    await assert.rejects(adding, /dispose\(\) was called\. .* removeLora takes it off/);
    assert.ok(loraLayersOf(model).size > 0);
    removeLora(model);
    assert.equal(memory().tensors, start);
    model.dispose();
  });

  test('a run of disabled that ends meanwhile restores its adapters after it', async () => {
    const model = new Net();
    const bank = await drawBank(model);
    bank.activate('1');
    const before = await outputOf(model);
    const { held: made, goOn } = held(['a'], 9);
    let adding = Promise.resolve();
    await bank.disabled(() => {
      adding = bank.add('2', made);
    });
    goOn();
    await adding;
    assert.deepEqual(await outputOf(model), before);
    bank.dispose();
    model.dispose();
  });
});

test('disabled twice at once uses the base alone until the longer ends', async () => {
  const model = new Net();
  const plain = await outputOf(model);
  const bank = await drawBank(model);
  bank.activate('1');
  const used = await outputOf(model);
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const ends: (() => void)[] = [];
    const runs = order.map(() => bank.disabled(() => new Promise<void>((go) => ends.push(go))));
    for (const [i, which] of order.entries()) {
      assert.deepEqual(await outputOf(model), plain, `run ${i}`);
      ends[which]?.();
      await runs[which];
    }
    assert.deepEqual(await outputOf(model), used);
  }
  await bank.disabled(async () => {
    bank.activate('0');
    const other = await outputOf(model);
    await bank.disabled(async () => assert.deepEqual(await outputOf(model), plain));
    assert.deepEqual(await outputOf(model), other);
  });
  assert.deepEqual(await outputOf(model), used);
});

test('what works on one adapter refuses several in use, and says what to do', async () => {
  const model = new Net();
  const bank = await drawBank(model);
  const folder = path.join(tmpdir(), 'several-adapters-are-not-saved');
  const jobs: [string, () => Promise<unknown>][] = [
    ['mergeLora', () => mergeLora(model)],
    ['savePretrained', () => savePretrained(model, folder)],
    ['initFromBase', () => initFromBase(model, olora)],
    ['convertToLora', () => Promise.resolve().then(() => convertToLora(model))],
  ];
  for (const several of [
    () => bank.activate('0', '1'),
    () => bank.forRows(['1', BASE_ALONE]),
    () => bank.forRows(['0']),
  ]) {
    several();
    const before = { output: await outputOf(model).catch(String), count: memory().tensors };
    for (const [caller, job] of jobs) {
      const message = `${caller}: one adapter must be in use, but an AdapterBank uses several, or one for each row. Activate one adapter first: bank.activate(name).`;
      await assert.rejects(job, { name: 'ArgumentError', message });
    }
    assert.ok(!existsSync(folder));
    const after = { output: await outputOf(model).catch(String), count: memory().tensors };
    assert.deepEqual(after, before);
  }
  bank.activate();
  assert.deepEqual(await mergeLora(model), []);
  bank.activate('1');
  assert.deepEqual(await mergeLora(model), ['a', 'b']);
  bank.dispose();
  model.dispose();
});
