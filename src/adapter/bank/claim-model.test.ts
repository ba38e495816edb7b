import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import { injectLora } from '../../lora';
import { Linear, Module } from '../../tensor/nn';
import { memory, useAccelerator } from '../../tensor/runtime';
import { loadAdapter } from '../peft';
import { AdapterBank } from './adapter-bank';

before(useAccelerator);

class Layers extends Module {
  constructor() {
    super();
    for (const name of ['up', 'down']) {
      this.addChild(name, new Linear({ inFeatures: 5, outFeatures: 5, seed: 1 }));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.child('down').forward(x);
  }
}

const options = { targetModules: 'all-linear', r: 2, alpha: 6 };
const inject = (model: Module) => injectLora(model, options);

async function drawBank(model: Module): Promise<AdapterBank> {
  const bank = new AdapterBank(model);
  for (const name of ['one', 'two']) await bank.add(name, inject);
  return bank;
}

test('a bank with adapters keeps its model from other banks, whatever is in use', async () => {
  const model = new Layers();
  const bank = await drawBank(model);
  for (const names of [[], ['one'], ['one', 'two']]) {
    bank.activate(...names);
    assert.throws(() => new AdapterBank(model), {
      name: 'ArgumentError',
      message:
        'AdapterBank: the model must be in no other bank, but is in one with one, two. Use that bank (bank.add), or free its adapters first: bank.dispose().',
    });
  }
  bank.dispose();
  const empty = new AdapterBank(model);
  await new AdapterBank(model).add('one', inject);
  assert.throws(() => new AdapterBank(model), /but is in one with one\. Use/);
  empty.dispose();
  model.dispose();
});

test('a model with an adapter of its own gets no bank', () => {
  const model = new Layers();
  inject(model);
  assert.throws(() => new AdapterBank(model), /must have no adapter, but has one\. Remove it/);
  model.dispose();
});

test('an adapter beside those of a bank is refused, and the bank named', async () => {
  const model = new Layers();
  const bank = await drawBank(model);
  const rule = /: model must be in no AdapterBank, but one uses several .*: bank\.add\(name, /;
  for (const use of [() => bank.forRows(['one', 'two']), () => bank.activate('one', 'two')]) {
    use();
    const { tensors } = memory();
    for (const targetModules of ['all-linear', ['down'], ['none']]) {
      const inject = () => injectLora(model, { ...options, targetModules });
      assert.throws(inject, { name: 'ArgumentError', message: rule });
    }
    await assert.rejects(loadAdapter(model, 'nowhere'), { name: 'ArgumentError', message: rule });
    assert.equal(memory().tensors, tensors);
  }
  bank.activate('one');
  assert.throws(() => inject(model), /or use an AdapterBank \(bank\.add\)\.$/);
  await assert.rejects(
    loadAdapter(model, 'nowhere'),
    /but has one\. .* If it is in an AdapterBank, use bank\.add\(name, /,
  );
  bank.dispose();
  model.dispose();
});
