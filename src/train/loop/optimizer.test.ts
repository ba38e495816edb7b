import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import {
  clipByGlobalNorm,
  globalNorm,
  loraPlus,
  adamW,
  Optimizer,
  constant,
  cosineDecay,
  linearDecay,
  warmUp,
  sparseCrossEntropy,
} from '.';

before(useAccelerator);

/** Computes Adam as in the paper's algorithm, in float64, for one number. */
class ScalarAdam {
  private t = 0;
  private m = 0;
  private v = 0;

  constructor(private value: number) {}

  step(gradient: number, rate: number): number {
    this.t += 1;
    this.m = 0.9 * this.m + 0.1 * gradient;
    this.v = 0.999 * this.v + 0.001 * gradient ** 2;
    const m = this.m / (1 - 0.9 ** this.t);
    const v = this.v / (1 - 0.999 ** this.t);
    this.value -= (rate * m) / (Math.sqrt(v) + 1e-8);
    return this.value;
  }
}

describe('Optimizer', () => {
  test('keeps the moments of each parameter when the set of parameters changes', async () => {
    const parameters = new Map(['a', 'b', 'c'].map((name) => [name, tf.variable(tf.scalar(1))]));
    const reference = new Map(['a', 'b', 'c'].map((name) => [name, new ScalarAdam(1)]));
    const sets: Record<string, number>[] = [
      { a: 1, b: -20 },
      { b: -20 },
      { c: 5, b: 3 },
      { c: -2, a: 4 },
      { b: 1, a: 1 },
    ];
    const optimizer = adamW({ learningRate: 0.1 });
    const want = new Map<string, number>();
    for (const set of sets) {
      const gradients = Object.entries(set).map(([name, value]) => [name, tf.scalar(value)]);
      optimizer.step(parameters, Object.fromEntries(gradients) as tf.NamedTensorMap);
      for (const [name, value] of Object.entries(set)) {
        want.set(name, reference.get(name)?.step(value, 0.1) ?? NaN);
      }
    }
    for (const [name, value] of want) {
      assertClose(await read(parameters.get(name) as tf.Variable), [value], 1e-6, name);
    }
    assert.equal(optimizer.state.get('b')?.step, 4);
    assert.equal(optimizer.state.get('c')?.step, 2);
  });

  test('updates nothing and leaks nothing if one parameter does not fit', async () => {
    const parameters = new Map([
      ['a', tf.variable(tf.tensor1d([1, 2]))],
      ['b', tf.variable(tf.tensor1d([1, 2, 3]))],
    ]);
    const gradients = { a: tf.ones([2]), b: tf.ones([3]) };
    const optimizer = adamW({ learningRate: 0.1 });
    optimizer.step(parameters, gradients);
    const values = await read(parameters.get('a') as tf.Variable);
    parameters.set('b', tf.variable(tf.tensor1d([1, 2])));
    const before = memory();
    assert.throws(
      () => optimizer.step(parameters, { ...gradients, b: gradients.a }),
      (error) => error instanceof ShapeError && error.message.includes('b must be [3]'),
    );
    assert.throws(() => optimizer.step(parameters, { a: gradients.a, d: gradients.a }), {
      name: 'ArgumentError',
      message: /after a parameter, got d/,
    });
    assert.deepEqual(memory(), before);
    assert.deepEqual(await read(parameters.get('a') as tf.Variable), values);
  });

  test('frees its state', () => {
    const parameters = new Map([['a', tf.variable(tf.tensor1d([1, 2]))]]);
    const gradients = { a: tf.ones([2]) };
    const optimizer = adamW({ learningRate: 0.1 });
    optimizer.step(parameters, gradients); // the native library now holds parameter and gradient
    optimizer.dispose();
    const before = memory();
    for (let i = 0; i < 3; i++) optimizer.step(parameters, gradients);
    assert.equal(memory().tensors, before.tensors + 2);
    optimizer.dispose();
    assert.deepEqual(memory(), before);
  });

  test('moves B by λ times as much as A with LoRA+', async () => {
    const names = ['h.0.lora.A', 'h.0.lora.B', 'lora.B', 'notlora.B', 'h.0.lora.B.bias'];
    assert.deepEqual(names.map(loraPlus(3)), [1, 3, 3, 1, 1]);
    const parameters = new Map(names.map((name) => [name, tf.variable(tf.zeros([2]))]));
    const gradients = Object.fromEntries(names.map((name) => [name, tf.tensor1d([2, -5])]));
    adamW({ learningRate: 0.01, ratio: loraPlus() }).step(parameters, gradients);
    const moved = await Promise.all([...parameters.values()].map(read));
    for (const [i, ratio] of [1, 16, 16, 1, 1].entries()) {
      assertClose(moved[i] as Float32Array, [-0.01 * ratio, 0.01 * ratio], 1e-5);
    }
    for (const bad of [0, -1, NaN]) assert.throws(() => loraPlus(bad), ArgumentError);
  });

  test('refuses a learning rate that is not a positive number', () => {
    for (const learningRate of [0, -1, NaN, Infinity]) {
      assert.throws(() => adamW({ learningRate }), ArgumentError);
    }
    assert.ok(adamW({ learningRate: 1e-3 }) instanceof Optimizer);
  });
});

describe('clipByGlobalNorm', () => {
  test('scales all tensors by one factor, and only if the norm is too large', async () => {
    const gradients = { a: tf.tensor1d([3, 0]), b: tf.tensor2d([[-4], [12]]) }; // norm 13
    assertClose(await read(globalNorm(gradients)), [13], 1e-6);
    for (const [maxNorm, factor] of [
      [2, 2 / (13 + 1e-6)],
      [13.5, 1],
    ] as const) {
      const clipped = clipByGlobalNorm(gradients, maxNorm);
      assertClose(await read(clipped.norm), [13], 1e-6);
      const { a, b } = clipped.gradients as { a: tf.Tensor; b: tf.Tensor };
      assertClose(await read(a), [3 * factor, 0], 1e-6);
      assertClose(await read(b), [-4 * factor, 12 * factor], 1e-6);
    }
  });

  test('keeps zeros, and refuses a largest norm that is not a positive number', async () => {
    const { a } = clipByGlobalNorm({ a: tf.zeros([3]) }, 1).gradients as { a: tf.Tensor };
    assert.deepEqual(Array.from(await read(a)), [0, 0, 0]);
    for (const maxNorm of [0, -1, NaN, Infinity]) {
      assert.throws(() => clipByGlobalNorm({ a: tf.zeros([3]) }, maxNorm), ArgumentError);
    }
  });
});

describe('options that would make every weight NaN, or the update wrong, are refused', () => {
  const adam = { learningRate: 0.1 };
  for (const [make, message] of [
    [
      () => adamW({ ...adam, learningRate: NaN }),
      /learningRate must be a positive number, got NaN/,
    ],
    [() => adamW({ ...adam, weightDecay: NaN }), /weightDecay must be a number of at least 0/],
    [() => adamW({ ...adam, weightDecay: -0.1 }), /got -0.1/],
    [() => adamW({ ...adam, beta1: 1 }), /beta1 must be from 0 to less than 1, got 1/],
    [() => adamW({ ...adam, beta1: -0.1, beta2: NaN }), /got -0.1; beta2 must be .* got NaN/],
    [() => adamW({ ...adam, epsilon: -1 }), /epsilon must be a number of at least 0, got -1/],
    [() => warmUp(-1, linearDecay(4)), /^warmUp: steps must be a number of at least 0, got -1/],
    [() => warmUp(NaN, linearDecay(4)), /got NaN/],
    [() => warmUp(Infinity, linearDecay(4)), /got Infinity/],
  ] as const) {
    test(String(message), () => assert.throws(make, { name: 'ArgumentError', message }));
  }

  test('a ratio, and what follows a warm-up, that is no function', () => {
    assert.throws(() => adamW({ ...adam, ratio: 16 as never }), {
      name: 'ArgumentError',
      message: 'adamW: ratio must be a function such as loraPlus(), got 16.',
    });
    assert.throws(() => adamW({ ...adam, decays: 'lora' as never }), {
      name: 'ArgumentError',
      message: 'adamW: decays must be a function such as (name) => true, got "lora".',
    });
    assert.throws(() => warmUp(5, 'cosine' as never), {
      name: 'ArgumentError',
      message: /^warmUp: after must be a function such as cosineDecay\(steps\) .*, got "cosine"\.$/,
    });
  });

  test('a ratio that is NaN, before any weight changes', async () => {
    const optimizer = adamW({ ...adam, ratio: (name) => (name === 'b' ? NaN : 1) });
    const parameters = new Map(['a', 'b'].map((name) => [name, tf.variable(tf.ones([2]))]));
    const gradients = { a: tf.ones([2]), b: tf.ones([2]) };
    const message = 'scaleByName: ratio must return a finite number, got NaN for b.';
    assert.throws(() => optimizer.step(parameters, gradients), { name: 'ArgumentError', message });
    for (const parameter of parameters.values())
      assert.deepEqual([...(await read(parameter))], [1, 1]);
    tf.dispose([gradients, [...parameters.values()]]);
  });
});

describe('schedules', () => {
  test('refuse a decay over no steps where it is used, and not before', () => {
    for (const decay of [linearDecay, cosineDecay]) {
      for (const steps of [0, -15, NaN, Infinity]) {
        const schedule = warmUp(2, decay(steps));
        assert.equal(schedule(1), 0.5);
        const message = `${decay.name}: steps must be a positive number, got ${steps}. Count the steps after the warm-up.`;
        for (const step of [2, 3, 100]) {
          assert.throws(() => schedule(step), { name: 'ArgumentError', message });
        }
      }
    }
  });

  const at = (schedule: (step: number) => number) => [0, 1, 2, 4, 6, 9].map(schedule);

  test('give the factor at each step', () => {
    assert.deepEqual(at(constant), [1, 1, 1, 1, 1, 1]);
    assertClose(at(linearDecay(4)), [1, 0.75, 0.5, 0, 0, 0], 1e-12);
    assertClose(at(cosineDecay(6)), [1, (1 + Math.sqrt(3) / 2) / 2, 0.75, 0.25, 0, 0], 1e-12);
    assertClose(at(warmUp(2, linearDecay(4))), [0, 0.5, 1, 0.5, 0, 0], 1e-12);
    assertClose(at(warmUp(0, linearDecay(4))), at(linearDecay(4)), 1e-12);
  });
});

describe('sparseCrossEntropy', () => {
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];

  test('names what is wrong with labels and weights', () => {
    const logits = tf.tensor2d(rows);
    const fails = (error: RegExp, labels: number[], weights?: number[]) =>
      assert.throws(() => sparseCrossEntropy(logits, labels, weights), { message: error });
    const before = memory();
    fails(/labels must be 2, .* got 1/, [1]);
    fails(/weights must be 2, .* got 3/, [1, 1], [1, 1, 1]);
    for (const bad of [3, -2, 0.5, NaN]) fails(/each label .* from 0 to 2, .* at 1/, [0, bad]);
    for (const bad of [-1, NaN, Infinity]) fails(/each weight .* at 0/, [0, 1], [bad, 1]);
    fails(/at least one position must count/, [-1, -1]);
    fails(/at least one position must count/, [-1, 2], [1, 0]);
    assert.deepEqual(memory(), before);
  });

  test('leaves one tensor', () => {
    const logits = tf.tensor2d(rows);
    sparseCrossEntropy(logits, [0, -1]).dispose(); // the native library now holds the logits
    const before = memory();
    const loss = sparseCrossEntropy(logits, [0, -1]);
    assert.equal(memory().tensors, before.tensors + 1);
    loss.dispose();
    assert.deepEqual(memory(), before);
  });
});
