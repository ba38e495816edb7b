import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { applyLoraToLinear, freezeBaseModel } from '../../lora';
import { NonFiniteError, ShapeError } from '../../tensor/errors';
import { Linear } from '../../tensor/nn';
import { repeat } from '../data';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import {
  adamW,
  linearDecay,
  type Loss,
  type Schedule,
  sparseCrossEntropy,
  train,
  type TrainingStep,
  type TrainOptions,
} from '.';

interface Batch {
  x: number[][];
  labels: number[];
}

const GOOD: Batch = { x: Array.from({ length: 4 }, (_, i) => [i, 1, -i]), labels: [0, 1, -1, 4] };

function* forever(batch = GOOD): Generator<Batch, void> {
  for (;;) yield batch;
}

/** Creates a classifier of three numbers into five classes, with all it needs for training. */
function setUp(more: Partial<TrainOptions<Batch>> = {}): TrainOptions<Batch> {
  const module = new Linear({ inFeatures: 3, outFeatures: 5, seed: 7 });
  return {
    module,
    loss: ({ x, labels }) => sparseCrossEntropy(module.forward(tf.tensor2d(x)), labels),
    batches: forever(),
    optimizer: adamW({ learningRate: 0.05 }),
    steps: 3,
    ...more,
  };
}

async function run<B>(options: TrainOptions<B>): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of train(options)) steps.push(step);
  return steps;
}

async function weights({ module }: TrainOptions<Batch>): Promise<Float32Array[]> {
  return Promise.all([...module.namedParameters().values()].map(read));
}

describe('train', () => {
  let software = false;
  let native = false;
  before(async () => {
    const { name } = await useAccelerator();
    software = name === 'webgpu';
    native = name === 'cpu-native';
  });

  test('refuses a schedule without a finite factor, and the weights stay as they were', async () => {
    const options = setUp({ schedule: () => NaN });
    const before = await weights(options);
    const message = /^train: schedule must return a finite factor, got NaN at step 1/;
    const uncalled = setUp({ schedule: linearDecay as unknown as Schedule });
    await assert.rejects(run(uncalled), /got Function at step 1\. Call it: cosineDecay\(steps\)/);
    await assert.rejects(run(options), { name: 'ArgumentError', message });
    assert.deepEqual(await weights(options), before);
  });

  test('lowers the loss and reports every step', async () => {
    const steps = await run(setUp({ steps: 12, countTokens: ({ labels }) => labels.length }));
    assert.deepEqual(
      steps.map(({ step }) => step),
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    assert.ok((steps.at(-1)?.loss ?? NaN) < 0.7 * (steps[0]?.loss ?? NaN));
    for (const { seconds, tokensPerSecond, learningRate } of steps) {
      assert.equal(learningRate, 0.05);
      assertClose([tokensPerSecond ?? NaN], [4 / seconds], 1e-9);
    }
  });

  test('takes the same step for two accumulated half batches as for the whole batch', async () => {
    const half = (from: number): Batch => ({
      x: GOOD.x.slice(from, from + 2),
      labels: [1, 2],
    });
    const whole = setUp({ batches: forever({ x: GOOD.x, labels: [1, 2, 1, 2] }) });
    const halves = setUp({ batches: [0, 2, 0, 2, 0, 2].map(half), accumulate: 2 });
    const [one, two] = [await run(whole), await run(halves)];
    for (const [i, { loss, gradientNorm }] of one.entries()) {
      assertClose([two[i]?.loss ?? NaN], [loss], 1e-5, 'loss');
      assertClose([two[i]?.gradientNorm ?? NaN], [gradientNorm], 1e-5, 'norm');
    }
  });

  for (const [what, loss, message] of [
    ['a number', () => 3, /loss must return a scalar tensor, or \{ loss, count \} with one, got 3/],
    ['a promise', () => Promise.resolve(tf.scalar(1)), /got a promise\. It may not be async/],
    ['nothing', () => undefined, /got nothing/],
    ['null', () => null, /got null/],
    ['a count alone', () => ({ count: 3 }), /got \{"count":3\}/],
    ['a NaN count', () => ({ loss: tf.scalar(1), count: NaN }), /count of a loss must be a finite/],
    ['a negative count', () => ({ loss: tf.scalar(1), count: -1 }), /at least 0, got -1/],
    ['a constant', () => tf.scalar(1), /loss must depend on a trainable parameter/],
  ] as const) {
    test(`refuses a loss that returns ${what}`, async () => {
      const options = setUp({ loss: loss as unknown as Loss<Batch> });
      await assert.rejects(run(options), { name: 'ArgumentError', message });
    });
  }

  for (const [name, value, message] of [
    ['loss', 'mean', /^train: loss must be a function such as .*, got "mean"\.$/],
    [
      'schedule',
      'cosine',
      /^train: schedule must be a function such as cosineDecay.*, got "cosine"\./,
    ],
  ] as const) {
    test(`refuses ${name} that is no function`, async () => {
      const options = { ...setUp(), [name]: value as never };
      await assert.rejects(run(options), { name: 'ArgumentError', message });
    });
  }

  test('refuses batches that are none', async () => {
    const none = (async function* () {})();
    for (const [batches, message] of [
      [undefined, /options must have batches, got none/],
      [null, /batches must be an array, a generator or another iterable, got null/],
      [5, /got 5/],
      [none, /It may not be async/],
      [[], /batches must be 3 for 3 steps, got 0\. Train fewer steps, or repeat a list/],
    ] as const) {
      const options = setUp({ batches: batches as unknown as Batch[] });
      await assert.rejects(run(options), { name: 'ArgumentError', message });
    }
  });

  test('puts the module into training mode for the loss only, with new random numbers in each step', async () => {
    const drawn = async (seed: number): Promise<string[]> => {
      const draws: tf.Tensor[] = [];
      const { loss, ...options } = setUp({ seed });
      const spy = (batch: Batch) => {
        const { training } = options.module;
        assert.ok(training);
        draws.push(tf.keep(training.uniform([2], 0, 1)));
        if (draws.length > 3) throw new Error('enough');
        return loss(batch);
      };
      for await (const step of train({ ...options, loss: spy })) {
        assert.ok(step);
        assert.equal(options.module.training, null);
      }
      await assert.rejects(run({ ...options, loss: spy }), /enough/);
      assert.equal(options.module.training, null);
      const values = await Promise.all(draws.map(read));
      return values.map(String);
    };
    const first = await drawn(1);
    assert.equal(new Set([...first, ...(await drawn(2))]).size, 6);
    assert.equal(first[0], first[3]); // both the first step
    assert.deepEqual(await drawn(1), first);
  });

  test('refuses a list of fewer batches than the steps need, before the first step', async () => {
    const options = setUp({ batches: [GOOD, GOOD, GOOD], accumulate: 2 });
    const before = await weights(options);
    const message =
      'train: batches must be 6 for 3 steps of 2 each, got 3. Train fewer steps, or repeat a list: repeat(batches).';
    await assert.rejects(run(options), { name: 'ArgumentError', message });
    assert.deepEqual(await weights(options), before);
    assert.equal((await run(setUp({ batches: [GOOD, GOOD], stepsDone: 1 }))).length, 2);
    assert.equal((await run(setUp({ batches: repeat([GOOD]), steps: 5 }))).length, 5);
  });

  test('says so when a generator ends early, after the steps that it was enough for', async () => {
    const five = (function* () {
      for (let i = 0; i < 5; i++) yield GOOD;
    })();
    const steps = train(setUp({ batches: five, accumulate: 2, steps: 50 }));
    await steps.next();
    assert.equal((await steps.next()).value?.step, 2);
    await assert.rejects(steps.next(), /batches must be 100 for 50 steps of 2 each, got 5\./);
  });

  test('says so when a generator is closed already', async () => {
    const closed = forever();
    const [first] = closed; // closes it
    assert.equal(first, GOOD);
    await assert.rejects(run(setUp({ batches: closed })), {
      name: 'ArgumentError',
      message: /^train: batches must be 3 for 3 steps, got 0\. A generator that was taken apart/,
    });
  });

  test('takes no batch that it does not use', async () => {
    let drawn = 0;
    const counted = (function* () {
      for (const batch of forever()) {
        drawn += 1;
        yield batch;
      }
    })();
    await run(setUp({ batches: counted, accumulate: 2 }));
    assert.equal(drawn, 6);
  });

  test('lets the event loop run in every step', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await run(setUp({ steps: 50 })).finally(() => clearInterval(timer));
    assert.ok(turns > 5, `${turns} turns`);
  });

  test('leaves the weights of the last complete step and no other tensor after a break', async () => {
    const options = setUp({ steps: 10 });
    const twin = setUp({ steps: 2 });
    await run(twin);
    await run({ ...options, steps: 1 });
    const before = memory();
    for await (const { step } of train({ ...options, steps: 10 })) {
      if (step === 1) break;
    }
    assert.deepEqual(memory(), before);
    assert.deepEqual(await weights(options), await weights(twin));
  });

  test('leaves complete steps and no other tensor after an interrupt that stops all timers', async () => {
    const [options, twin] = [
      setUp({ maxGradientNorm: 1 }),
      setUp({ maxGradientNorm: 1, steps: 2 }),
    ];
    await run(twin);
    const steps = train(options);
    await steps.next();
    const before = memory();
    const start = globalThis.setImmediate;
    // Only what an accelerator's own code waits for still fires, as in the notebook's kernel.
    const gated = (callback: () => void) => Object.hasOwn(callback, 'prototype') && start(callback);
    globalThis.setImmediate = gated as unknown as typeof setImmediate;
    try {
      void steps.next();
      const { optimizer } = options;
      for (let i = 0; i < 2000 && optimizer.state.get('weight')?.step !== 2; i++) {
        await new Promise((go) => setTimeout(go, 1));
      }
    } finally {
      globalThis.setImmediate = start;
    }
    await new Promise((go) => setTimeout(go, 5));
    assert.deepEqual(memory(), before);
    assert.deepEqual(await weights(options), await weights(twin));
  });

  describe('refuses a second loop, which would yield nothing in silence, over a training that', () => {
    const again = async (steps: AsyncIterable<TrainingStep>, message: RegExp) => {
      const loop = async () => {
        for await (const step of steps) assert.fail(`step ${step.step}`);
      };
      await assert.rejects(loop(), { name: 'ArgumentError', message });
    };

    test('is done, with the way to go on', async () => {
      const options = setUp();
      const steps = train(options);
      for await (const { step } of steps) assert.ok(step <= 3);
      await again(
        steps,
        /has ended after step 3 of 3\. Call train again; with the same optimizer, stepsDone: 3 and a larger number of steps/,
      );
      const more = await run({ ...options, stepsDone: 3, steps: 4 });
      assert.deepEqual(
        more.map(({ step }) => step),
        [4],
      );
    });

    test('a break, an error or a lack of batches has ended', async () => {
      const broken = train(setUp({ steps: 10 }));
      for await (const { step } of broken) if (step === 2) break;
      await again(broken, /has ended after step 2 of 10\. .*stepsDone: 2 the new one goes on/);
      const failed = train(setUp({ loss: () => assert.fail('no loss') }));
      await again(failed, /^no loss$/).catch(() => undefined);
      await again(failed, /has ended after step 0 of 3\./);
      const short = train(setUp({ batches: [GOOD].values() }));
      const all = async () => {
        for await (const { step } of short) assert.equal(step, 1);
      };
      await assert.rejects(all(), /batches must be 3 for 3 steps, got 1/);
      await again(short, /has ended after step 1 of 3\./);
    });

    test('waits within a step, as after an interrupt', async () => {
      const steps = train(setUp());
      await steps.next();
      const under = steps.next();
      await again(
        steps,
        /was interrupted within a step, or runs in another loop, after step 1 of 3\./,
      );
      await under;
      for await (const { step } of steps) assert.equal(step, 3);
    });
  });

  for (const [what, fault, error] of [
    ['a loss that throws half-way', () => new Error('half-way'), /half-way/],
    ['a loss that is no scalar', (h: tf.Tensor) => h, ShapeError],
    ['a loss that is NaN', (h: tf.Tensor) => h.sum().mul(NaN), NonFiniteError],
    [
      'an infinite gradient',
      (h: tf.Tensor) => h.sub(h).square().add(1e-30).sqrt().mul(1e38).sum().add(h.mul(1e38).sum()),
      NonFiniteError,
    ],
  ] as const) {
    test(`${what}, in the second batch of a step, changes and leaks nothing`, async () => {
      const base = setUp({ accumulate: 2 });
      await run({ ...base, steps: 1 });
      let calls = 0;
      const loss = (batch: Batch) => {
        calls += 1;
        if (calls < 4) return base.loss(batch);
        const given = fault(base.module.forward(tf.tensor2d(batch.x)).tanh().mul(2));
        if (given instanceof Error) throw given;
        return given;
      };
      const [start, count] = [await weights(base), memory()];
      const steps = train({ ...base, loss });
      await steps.next();
      const after = await weights(base);
      assert.notDeepEqual(after, start);
      await assert.rejects(steps.next(), error);
      assert.deepEqual(await weights(base), after);
      assert.deepEqual(memory(), count);
      await run({ ...base, steps: 1 });
      assert.deepEqual(memory(), count);
    });
  }

  test('refuses options that are out of range, and a module with nothing to train', async () => {
    for (const bad of [{ steps: 0 }, { accumulate: 1.5 }, { maxGradientNorm: 0 }]) {
      await assert.rejects(run(setUp(bad)), { name: 'ArgumentError' });
    }
    const frozen = setUp();
    freezeBaseModel(frozen.module);
    await assert.rejects(run(frozen), { message: /must have a trainable parameter/ });
  });

  test('keeps tensors and native handles constant over many steps', async () => {
    const base = new Linear({ inFeatures: 3, outFeatures: 5, seed: 1 });
    freezeBaseModel(base);
    const module = applyLoraToLinear(base, { r: 2, alpha: 4 });
    module.lora.B.assign(new Random(1).normal<tf.Rank.R2>([5, 2], 0, 1));
    const options = setUp({
      module,
      loss: ({ x, labels }) => sparseCrossEntropy(module.forward(tf.tensor2d(x)), labels),
      accumulate: 2,
      maxGradientNorm: 1,
    });
    await run({ ...options, steps: 2 });
    const before = memory();
    const steps = native ? 1000 : software ? 30 : 100;
    let most = 0;
    for await (const step of train({ ...options, steps })) {
      assert.ok(Number.isFinite(step.loss));
      most = Math.max(most, memory().tensors);
    }
    assert.equal(most, before.tensors);
    assert.deepEqual(memory(), before);
  });
});
