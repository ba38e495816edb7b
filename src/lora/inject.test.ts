import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { alive } from '../../tests/fresh';
import { ArgumentError, LoraError } from '../tensor/errors';
import { countParameters, Linear, type LinearLayer, Module } from '../tensor/nn';
import { memory, Random, read, useAccelerator } from '../tensor/runtime';
import { dora } from './dora';
import type { Init } from './init';
import { formatTrainableParameters, injectLora, mergeLora, removeLora } from './inject';
import type { LoRALayer } from './lora-layer';
import { applyLoraToLinear, type LoRALinear } from './lora-linear';
import type { Variant } from './variant';
import { rsLora, type Scaling } from './scaling';

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

  test('a second adapter on other layers trains with the first; what is frozen stays frozen', async () => {
    const model = new Stack(1, 5);
    const options = { r: 2, alpha: 6 };
    const [first = ''] = injectLora(model, {
      ...options,
      targetModules: ['c_attn'],
      variant: dora,
    });
    const A = model.namedParameters().get(`${first}.lora.A`) as tf.Variable;
    A.trainable = false;
    const [second = ''] = injectLora(model, { ...options, targetModules: ['c_proj'] });
    const trainable = [...model.namedParameters()].filter(([, one]) => one.trainable);
    assert.deepEqual(
      trainable.map(([name]) => name),
      [`${first}.lora.B`, `${first}.variant.magnitude`, `${second}.lora.A`, `${second}.lora.B`],
    );
    const x = new Random(1).normal([3, 5], 0, 1);
    const { grads } = tf.variableGrads(() => model.forward(x).square().sum().asScalar());
    const size = await read((grads[trainable[0]?.[1].name ?? ''] as tf.Tensor).abs().sum());
    assert.ok((size[0] ?? 0) > 0);
    assert.deepEqual(await mergeLora(model), [first, second]);
  });

  describe('leak nothing and change nothing when', () => {
    const targetModules = ['c_attn', 'c_proj'];
    const thrown = new Error('half-way');
    let calls = 0;
    const second = <T>(value: T): T => {
      calls += 1;
      if (calls % 2 === 0) throw thrown;
      return value;
    };
    for (const [what, options, error] of [
      [
        'a variant throws',
        { variant: (base: LinearLayer, lora: LoRALayer) => dora(second(base), lora) },
        thrown,
      ],
      [
        'a variant is none',
        { variant: (() => 3) as unknown as Variant },
        /variant must return a Module, got 3/,
      ],
      [
        'an init throws',
        {
          init: (shape: [number, number], random: Random) => {
            const A = random.normal<tf.Rank.R2>(shape, 0, 1);
            return second(A.mul<tf.Tensor2D>(2));
          },
        },
        thrown,
      ],
      [
        'an init gives another shape',
        { init: ([r, k]: [number, number]) => tf.ones<tf.Rank.R2>([k, r]) },
        /init must give A of shape \[2, 5\], got \[5, 2\]/,
      ],
      [
        'an init gives another B',
        {
          init: ([r, k]: [number, number]) => ({
            A: tf.ones<tf.Rank.R2>([r, k]),
            B: tf.ones<tf.Rank.R2>([r, r]),
          }),
        },
        /init must give B of shape \[15, 2\], got \[2, 2\]/,
      ],
      [
        'an init gives nothing',
        { init: (() => undefined) as unknown as Init },
        /init must give A .*, got none/,
      ],
      ['a scale is NaN', { scaling: () => NaN }, /scaling must be a function .* got NaN/],
      ['a scale is infinite', { scaling: (alpha: number) => alpha / 0 }, /got Infinity/],
      ['a scale is a number', { scaling: 2 as unknown as Scaling }, /such as rsLora, got 2\./],
      ['dropout is NaN', { dropout: NaN }, /p must be from 0/],
    ] as const) {
      test(what, () => {
        const model = new Stack(1, 5);
        tf.tidy(() => model.forward(tf.ones([1, 5]))); // now the weights are on the accelerator
        const before = alive();
        for (const parameter of model.namedParameters().values()) parameter.trainable = true;
        const inject = () => injectLora(model, { targetModules, r: 2, alpha: 6, ...options });
        calls = 0;
        if (error instanceof RegExp) {
          assert.throws(
            inject,
            (got: Error) => got instanceof LoraError && error.test(got.message),
          );
        } else assert.throws(inject, error);
        assert.deepEqual(alive(), before);
        assert.ok([...model.namedParameters().values()].every(({ trainable }) => trainable));
        const base = model.namedModules().get('h.0.attn.c_attn') as Linear;
        model.replaceModule('h.0.attn.c_attn', new Linear({ inFeatures: 5, outFeatures: 15 }));
        model.freeReplaced(base);
        assert.ok(base.isDisposed, 'what failed must borrow nothing');
      });
    }
  });

  test('applyLoraToLinear refuses what is no linear layer, a layer with an adapter above all', () => {
    const layer = applyLoraToLinear(new Linear({ inFeatures: 5, outFeatures: 3 }), {
      r: 2,
      alpha: 6,
    });
    const before = alive();
    for (const [given, message] of [
      [layer, /without an adapter, got LoRALinear\. Put it on the base \(layer\.base\)/],
      [new Stack(1, 5), /^applyLoraToLinear: linear must be a linear layer .* got Stack\.$/],
      [undefined, /got undefined\.$/],
      [{ inFeatures: 3, outFeatures: 3 }, /got Object\.$/],
    ] as const) {
      const apply = () => applyLoraToLinear(given as unknown as Linear, { r: 1, alpha: 1 });
      assert.throws(apply, { name: 'ArgumentError', message });
    }
    assert.ok(alive().tensors === before.tensors + 4); // the stack
  });

  test('merging twice at once, or removing while merging, leaks nothing and says so', async () => {
    const model = new Stack(2, 5);
    const plain = memory();
    const inject = () => injectLora(model, { targetModules: ['c_proj'], r: 2, alpha: 6 });
    inject();
    const [first, second] = await Promise.allSettled([mergeLora(model), mergeLora(model)]);
    assert.equal(first.status, 'fulfilled');
    assert.equal(second.status, 'rejected');
    assert.ok(second.reason instanceof LoraError, String(second.reason));
    const { tensors, bytes } = memory();
    assert.deepEqual({ tensors, bytes }, { tensors: plain.tensors, bytes: plain.bytes });
    assert.ok([...model.namedModules().values()].every((module) => module instanceof Linear));
    for (const change of [removeLora, (model: Module) => (removeLora(model), inject())]) {
      inject();
      const before = model.namedParameters().get('h.0.attn.c_proj.base.weight');
      const merging = mergeLora(model);
      change(model);
      await assert.rejects(merging, (got: Error) => got instanceof LoraError);
      removeLora(model);
      assert.equal(model.namedParameters().get('h.0.attn.c_proj.weight'), before);
      assert.equal(memory().tensors, plain.tensors);
    }
  });

  test('checks everything before it changes anything', () => {
    const model = new Stack(1, 5);
    const before = memory();
    for (const options of [
      { targetModules: ['c_attn', 'nope'], r: 2, alpha: 6 },
      { targetModules: ['c_attn'], r: 0, alpha: 6 },
    ]) {
      assert.throws(() => injectLora(model, options), ArgumentError);
    }
    assert.deepEqual(memory(), before);
    assert.ok([...model.namedParameters().values()].every(({ trainable }) => trainable));
    injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 });
    assert.throws(
      () => injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 6 }),
      /got c_attn\. Such layers have an adapter already: remove it, removeLora\(model\), merge it/,
    );
    for (const targetModules of [['q_proj'], 5 as unknown as string]) {
      assert.throws(
        () => injectLora(model, { targetModules, r: 2, alpha: 6 }),
        /There are 1, called c_proj; the first is h\.0\.attn\.c_proj\. The others have an adapter already/,
      );
    }
    injectLora(model, { targetModules: ['c_proj'], r: 2, alpha: 6 });
    for (const targetModules of [['c_proj'], '.*attn', 'all-linear']) {
      assert.throws(
        () => injectLora(model, { targetModules, r: 2, alpha: 6 }),
        /have an adapter already/,
      );
    }
    for (const targetModules of [['attn'], 'c_proj', undefined]) {
      assert.throws(
        () => injectLora(model, { targetModules, r: 2, alpha: 6 }),
        /All linear layers have an adapter already: remove it, removeLora\(model\), merge it/,
      );
    }
    assert.throws(
      () => injectLora(new Stack(0, 5), { targetModules: ['c_attn'], r: 2, alpha: 6 }),
      /got c_attn\. The model has no linear layer\./,
    );
  });

  test('arguments that are swapped or missing are named', () => {
    const options = { targetModules: ['c_attn'], r: 2, alpha: 6 };
    const call = injectLora as (...args: unknown[]) => string[];
    for (const [args, message] of [
      [
        [options, new Stack(1, 5)],
        /^injectLora: model must be a Module, got Object\. It comes before/,
      ],
      [[Promise.resolve(new Stack(1, 5)), options], /got Promise\. Await it\.$/],
      [[undefined, options], /got undefined/],
      [
        [new Stack(1, 5)],
        /^injectLora: options must be an object such as { r, alpha }, got nothing/,
      ],
      [
        [new Stack(1, 5), { ...options, targetModules: undefined, target_modules: ['c_attn'] }],
        /For target_modules write targetModules\./,
      ],
      [
        [new Stack(1, 5), ['c_attn'], 8, 16],
        /^injectLora: options must be an object such as { r, alpha }, got a list\.$/,
      ],
      [
        [new Stack(1, 5), { r: 2, alpha: 6 }],
        /^injectLora: targetModules must name linear layers without an adapter, got undefined\. There are 2/,
      ],
    ] as const) {
      assert.throws(() => call(...args), { name: 'ArgumentError', message });
    }
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
