import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { ArgumentError } from '../tensor/errors';
import { countParameters, Linear, Module } from '../tensor/nn';
import { memory, Random, read, useAccelerator } from '../tensor/runtime';
import { formatTrainableParameters, injectLora, mergeLora, removeLora } from './inject';
import type { LoRALinear } from './lora-linear';
import { applyLoraToLinear } from './lora-linear';
import { rsLora } from './scaling';
import { matchTargets } from './target-modules';

/** As many linear layers as asked for, one after the other, named as in GPT-2. */
class Stack extends Module {
  private readonly names: string[];

  constructor(blocks: number, width: number) {
    super();
    this.names = Array.from({ length: blocks }, (_, i) => [
      `h.${i}.attn.c_attn`,
      `h.${i}.attn.c_proj`,
    ]).flat();
    for (const [seed, name] of this.names.entries()) {
      const [inFeatures, outFeatures] = name.endsWith('c_attn')
        ? [width, 3 * width]
        : [3 * width, width];
      this.addChild(name, new Linear({ inFeatures, outFeatures, seed }));
    }
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.names.reduce((h, name) => this.child(name).forward(h), x));
  }
}

before(useAccelerator);

async function outputOf(model: Module, x: tf.Tensor): Promise<Float32Array> {
  const y = model.forward(x);
  const values = await read(y);
  y.dispose();
  return values;
}

describe('matchTargets', () => {
  const names = ['h.0.c_attn', 'h.0.c_proj', 'h.1.c_attn', 'h.11.c_attn', 'c_attn', 'my_c_attn'];

  for (const [targets, want] of [
    [['c_attn'], ['h.0.c_attn', 'h.1.c_attn', 'h.11.c_attn', 'c_attn']],
    [['1.c_attn'], ['h.1.c_attn']],
    [
      ['h.0.c_proj', 'my_c_attn'],
      ['h.0.c_proj', 'my_c_attn'],
    ],
    ['c_attn', ['c_attn']],
    [String.raw`h\.\d\.c_\w+`, ['h.0.c_attn', 'h.0.c_proj', 'h.1.c_attn']],
    ['h.0.c_attn|my.*', ['h.0.c_attn', 'my_c_attn']],
    ['all-linear', names],
  ] as const) {
    test(`${JSON.stringify(targets)}`, () => {
      assert.deepEqual(matchTargets(names, targets as string[] | string), want);
    });
  }

  test('a target that matches nothing is an error with the candidates', () => {
    for (const targets of [['q_proj'], ['c_attn', 'q_proj'], 'attn', ['attn'], () => false]) {
      assert.throws(
        () => matchTargets(names, targets),
        (error: Error) =>
          error instanceof ArgumentError &&
          /There are 6, called c_attn, c_proj/.test(error.message),
      );
    }
  });
});

describe('injectLora and removeLora', () => {
  test('a fresh adapter changes nothing; a trained one does; removing it restores the model', async () => {
    const model = new Stack(2, 5);
    const x = new Random(1).normal([3, 5], 0, 1);
    const tensors = memory().tensors;
    const start = await outputOf(model, x);
    const names = injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6, seed: 3 });
    assert.deepEqual(names, ['h.0.attn.c_attn', 'h.1.attn.c_attn']);
    assert.deepEqual(await outputOf(model, x), start);

    const [first, second] = names.map((name) => model.namedModules().get(name) as LoRALinear);
    assert.notDeepEqual(
      await read(first?.lora.A as tf.Tensor),
      await read(second?.lora.A as tf.Tensor),
    );
    tf.tidy(() => first?.lora.B.assign(tf.ones([15, 2])));
    assert.notDeepEqual(await outputOf(model, x), start);

    removeLora(model);
    assert.deepEqual(await outputOf(model, x), start);
    assert.ok([...model.namedModules().values()].every((module) => module instanceof Linear));
    assert.equal(memory().tensors, tensors);
  });

  test('each layer may have its own size; functions may choose layers and scale', () => {
    const model = new Stack(2, 5);
    const names = injectLora(model, {
      targetModules: (name) => name.includes('.1.'),
      r: (name) => (name.endsWith('c_attn') ? 4 : 2),
      alpha: (name) => (name.endsWith('c_attn') ? 3 : 8),
      scaling: rsLora,
    });
    const layers = names.map((name) => model.namedModules().get(name) as LoRALinear);
    assert.deepEqual(
      layers.map(({ lora: { r, alpha, scaling } }) => [r, alpha, scaling]),
      [
        [4, 3, 1.5],
        [2, 8, 8 / Math.SQRT2],
      ],
    );
  });

  test('mergeLora gives a model without adapters that computes the same', async () => {
    const model = new Stack(2, 5);
    const x = new Random(1).normal([3, 5], 0, 1);
    const names = injectLora(model, { targetModules: ['c_proj'], r: 2, alpha: 6, seed: 3 });
    for (const name of names) {
      const { lora } = model.namedModules().get(name) as LoRALinear;
      tf.tidy(() => lora.B.assign(new Random(2).normal<tf.Rank.R2>([5, 2], 0, 1)));
    }
    const adapted = await outputOf(model, x);
    assert.deepEqual(await mergeLora(model), names);
    assertClose(await outputOf(model, x), adapted, 1e-5);
    assert.ok([...model.namedModules().values()].every((module) => module instanceof Linear));
    assert.equal(countParameters(model).trainable, 0);
  });

  test('mergeLora frees adapters and old weights: the model has the bytes it had before', async () => {
    const start = memory();
    const model = new Stack(2, 5);
    const plain = memory();
    injectLora(model, { targetModules: ['c_proj'], r: 2, alpha: 6 });
    await mergeLora(model);
    const { tensors, bytes } = memory();
    assert.deepEqual({ tensors, bytes }, { tensors: plain.tensors, bytes: plain.bytes });
    model.dispose();
    assert.deepEqual(memory(), start);
  });

  test('mergeLora leaves a base layer that another adapter borrows', async () => {
    const model = new Stack(1, 5);
    const base = model.namedModules().get('h.0.attn.c_proj') as Linear;
    const other = applyLoraToLinear(base, { r: 2, alpha: 6 });
    injectLora(model, { targetModules: ['c_proj'], r: 2, alpha: 6 });
    await mergeLora(model);
    assert.ok(!base.isDisposed);
    other.dispose();
    model.dispose();
    assert.ok(base.isDisposed);
  });

  test('leaves only the adapters trainable', () => {
    const model = new Stack(1, 5);
    injectLora(model, { targetModules: 'all-linear', r: 2, alpha: 6 });
    const trainable = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
    assert.deepEqual(
      trainable.map(([name]) => name),
      ['h.0.attn.c_attn', 'h.0.attn.c_proj'].flatMap((name) => [
        `${name}.lora.A`,
        `${name}.lora.B`,
      ]),
    );
    assert.equal(countParameters(model).trainable, 2 * 2 * (5 + 15));
  });

  test('checks everything before it changes anything', () => {
    const model = new Stack(1, 5);
    const before = memory();
    for (const options of [
      { targetModules: ['c_attn', 'nope'], r: 2, alpha: 6 },
      { targetModules: ['c_attn'], r: 6, alpha: 6 },
    ]) {
      assert.throws(() => injectLora(model, options), ArgumentError);
    }
    assert.deepEqual(memory(), before);
    assert.ok([...model.namedParameters().values()].every(({ trainable }) => trainable));
    injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 });
    assert.throws(
      () => injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 }),
      /There are 1, called c_proj/,
    );
  });

  test('a disposed model frees its adapters and their base layers', () => {
    const before = memory().tensors;
    const model = new Stack(1, 5);
    injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 });
    model.dispose();
    assert.equal(memory().tensors, before);
  });
});

test("the line of PEFT's print_trainable_parameters", () => {
  const model = new Stack(1, 8);
  injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 });
  const line = 'trainable params: 64 || all params: 480 || trainable%: 13.3333';
  assert.equal(formatTrainableParameters(model), line);
});
