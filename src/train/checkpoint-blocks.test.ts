/* Training with `checkpointBlocks`: the same to the bit, for less memory, whatever is trained. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { exampleOf } from '../../tests/example';
import { FIXTURES } from '../../tests/fixture';
import { freshSeed } from '../../tests/fresh';
import { LLAMA_CASES } from '../../tests/llama-cases';
import { onSoftwareGpu, someOf } from '../../tests/some-of';
import { AdapterBank, BASE_ALONE } from '../adapter';
import { dora, injectLora, type InjectOptions, loraLayersOf } from '../lora';
import { loadModel } from '../model';
import { drawWeights, GPT2 } from '../model/gpt2';
import { generate, type LanguageModel } from '../model/transformer';
import type { Module } from '../tensor/nn';
import { kernelRuns } from '../tensor/op';
import { quantizeModel } from '../tensor/quant';
import { memory, peakBytes, Random, read, useAccelerator } from '../tensor/runtime';
import {
  adamW,
  type Batch,
  completionLoss,
  type Example,
  makeBatch,
  packExamples,
  repeat,
  train,
  type TrainOptions,
} from '.';

const config = {
  vocabSize: 61,
  maxPositions: 64,
  nEmbd: 8,
  nLayer: 4,
  nHead: 2,
  nInner: 12,
  layerNormEpsilon: 1e-5,
  eosTokenIds: [],
};

/** Makes a GPT-2 with large weights, so that its tokens have opinions. */
function gpt2(seed: number, more = {}): GPT2 {
  const small = drawWeights({ ...config, ...more }, seed);
  const weights = new Map(
    [...small].map(([name, one]) => [name, tf.tidy(() => one.mul(one.rank === 2 ? 8 : 1))]),
  );
  try {
    return new GPT2({ ...config, ...more }, weights);
  } finally {
    tf.dispose([...small.values(), ...weights.values()]);
  }
}

const llama = (name: string) => loadModel(path.join(FIXTURES, 'llama_tiny', name));

/** Puts an adapter whose B is not zero on linear layers, all of them unless targets are given. */
function adapt(model: Module, seed: number, more: Partial<InjectOptions> = {}): void {
  injectLora(model, { targetModules: 'all-linear', r: 2, alpha: 3, seed, dropout: 0.3, ...more });
  for (const [i, { lora }] of [...loraLayersOf(model).values()].entries()) {
    tf.tidy(() => lora.B.assign(new Random(seed + i).normal<tf.Rank.R2>(lora.B.shape, 0, 0.3)));
  }
}

/** Sets which parameters are trained, by their names. */
function setTrainable(model: Module, isTrained: (name: string) => boolean): void {
  for (const [name, one] of model.namedParameters()) one.trainable = isTrained(name);
}

/** Draws texts of these lengths, whose second half is to be learned. */
function drawExamples(seed: number, lengths: number[]): Example[] {
  const random = new Random(seed);
  const token = () => Math.abs(random.key()[0]) % config.vocabSize;
  return lengths.map((length) => {
    const ids = Array.from({ length }, token);
    return exampleOf({ prompt: ids.slice(0, length / 2), completion: ids.slice(length / 2) });
  });
}

/** Computes loss and gradients in training, the numbers drawn next, and how many blocks ran. */
async function measure(model: LanguageModel, seed: number, batches: Batch[]) {
  const random = new Random(seed);
  const all = [...new Set(model.namedParameters().values())];
  const parameters = all.filter(({ trainable }) => trainable);
  const before = blockRuns();
  model.setTraining(random);
  const { value, grads } = tf.variableGrads(() => completionLoss(model, ...batches), parameters);
  model.setTraining(null);
  const blocks = blockRuns() - before;
  const gradients = await Promise.all(
    parameters.map(({ name }) => read(grads[name] as tf.Tensor).catch(() => null)),
  );
  const loss = await read(value);
  tf.dispose([value, grads]);
  return { same: { loss, gradients, next: random.key() }, blocks };
}

/** Each block adds two residuals. */
function blockRuns(): number {
  const runs = Object.values(kernelRuns().get('Residual') ?? {});
  return runs.reduce((sum, count) => sum + count, 0) / 2;
}

/** Compares a step with and without checkpoints. @returns the blocks that ran with them */
async function compare(model: LanguageModel, seed: number, batches: Batch[]): Promise<number> {
  const expected = await measure(model, seed, batches);
  model.checkpointBlocks = true;
  await measure(model, seed, batches); // for kernels that keep something from their first run on
  const before = memory();
  const { same, blocks } = await measure(model, seed, batches);
  assert.deepEqual(memory(), before);
  assert.deepEqual(same, expected.same);
  assert.ok(same.gradients.length > 0 && same.gradients.every((one) => one?.some(Boolean)));
  return blocks;
}

const TARGETS: Record<string, (model: LanguageModel, seed: number) => unknown> = {
  'LoRA on every linear layer': adapt,
  'LoRA without dropout': (model, seed) => adapt(model, seed, { dropout: 0 }),
  DoRA: (model, seed) => adapt(model, seed, { variant: dora }),
  'LoRA with biases and norms': (model, seed) => {
    adapt(model, seed);
    setTrainable(model, (name) => /lora\.[AB]|bias|ln_|norm/.test(name));
  },
  // tfjs has no gradient of a table on wasm.
  'the whole model': (model) =>
    setTrainable(model, (name) => tf.getBackend() !== 'wasm' || !/wte|wpe/.test(name)),
  'LoRA on a base in 4 bits': async (model, seed) => {
    await quantizeModel(model, { blockSize: 32 });
    adapt(model, seed);
  },
};

before(useAccelerator);

describe('checkpointBlocks gives the loss and gradients of a step to the bit:', () => {
  for (const [what, prepare] of someOf(Object.entries(TARGETS), 6)) {
    const seed = freshSeed();
    test(`GPT-2, ${what} (seed ${seed})`, async () => {
      const model = gpt2(seed);
      await prepare(model, seed);
      assert.equal(await compare(model, seed, [makeBatch(drawExamples(seed, [9, 6, 4]))]), 8);
      model.dispose();
    });
  }

  for (const name of someOf(LLAMA_CASES, 9)) {
    const seed = freshSeed();
    test(`${name}, LoRA on every linear layer (seed ${seed})`, async () => {
      const model = await llama(name);
      adapt(model, seed);
      const blocks = await compare(model, seed, [makeBatch(drawExamples(seed, [9, 6]))]);
      assert.ok(blocks >= 4);
      model.dispose();
    });
  }

  for (const name of someOf(['gpt2', 'gemma3', 'qwen3'], 3)) {
    const seed = freshSeed();
    test(`${name}, several texts in a row (seed ${seed})`, async () => {
      const model = name === 'gpt2' ? gpt2(seed) : await llama(name);
      adapt(model, seed);
      const rows = packExamples(drawExamples(seed, [9, 6, 4, 3, 2]), 12);
      assert.ok(rows.length < 5);
      await compare(model, seed, [makeBatch(rows)]);
      model.dispose();
    });
  }

  const seed = freshSeed();
  test(`an adapter for each row of a batch (seed ${seed})`, async () => {
    const model = gpt2(seed);
    const bank = new AdapterBank(model);
    await bank.add('one', (base) => adapt(base, seed));
    await bank.add('two', (base) => adapt(base, seed + 50, { targetModules: ['c_attn'], r: 3 }));
    bank.forRows(['two', BASE_ALONE, 'one']);
    const [first, ...others] = drawExamples(seed, [9, 6, 4]);
    await compare(model, seed, [makeBatch([first as Example]), makeBatch(others)]);
    bank.dispose();
    model.dispose();
  });
});

describe('checkpointBlocks', () => {
  test('computes again only blocks from the first trainable parameter on', async () => {
    const seed = freshSeed();
    const model = gpt2(seed);
    adapt(model, seed, { targetModules: ['h.2.attn.c_attn', 'h.3.mlp.c_fc'] });
    const batch = makeBatch(drawExamples(seed, [7, 5]));
    assert.equal(await compare(model, seed, [batch]), 4 + 2);
    model.dispose();
  });

  test('changes nothing but training: generation, evaluation, keys and values', async () => {
    const seed = freshSeed();
    const model = gpt2(seed);
    adapt(model, seed);
    const evaluate = async () => {
      const written = await generate(model, [[1, 2, 3]], { maxNewTokens: 4, temperature: 0 });
      const { hidden, past } = model.extend(model.idsTensor([[1, 2, 3]]));
      const values = await Promise.all([hidden, ...past.flatMap(({ k, v }) => [k, v])].map(read));
      tf.dispose([hidden, past]);
      return { written, values };
    };
    const [expected, start] = [await evaluate(), blockRuns()];
    const runs = await evaluate().then(() => blockRuns() - start);
    model.checkpointBlocks = true;
    assert.deepEqual(await evaluate(), expected);
    assert.equal(blockRuns() - start, 2 * runs);
    model.dispose();
  });

  test('trains with accumulation to the same weights', async () => {
    const seed = freshSeed();
    const run = async (checkpointBlocks: boolean) => {
      const { model, ...options } = setUp(seed, {
        checkpointBlocks,
        accumulate: 2,
        steps: onSoftwareGpu ? 1 : 3,
      });
      const losses: number[] = [];
      for await (const { loss, gradientNorm } of train(options)) losses.push(loss, gradientNorm);
      const weights = [...model.namedParameters().values()].filter(({ trainable }) => trainable);
      return { losses, weights: await Promise.all(weights.map(read)) };
    };
    const expected = await run(false);
    assert.deepEqual(await run(true), expected);
  });

  test('leaks nothing if the loss or a block throws, the second time too, and goes on', async () => {
    const seed = freshSeed();
    const { model, ...options } = setUp(seed, { checkpointBlocks: true, steps: 1 });
    const attempt = async (more: Partial<TrainOptions<Batch>> = {}) => {
      for await (const { loss } of train({ ...options, ...more })) return loss;
      return NaN;
    };
    await attempt();
    const before = memory();
    const loss = (batch: Batch) => {
      const value = completionLoss(model, batch);
      throw Object.assign(new Error('late'), { value });
    };
    await assert.rejects(attempt({ loss }), /late/);
    assert.deepEqual(memory(), before);
    const mlp = model.namedModules().get('transformer.h.1.mlp') as Module;
    const forward = mlp.forward.bind(mlp);
    for (const faulty of [1, 2]) {
      let runs = 0;
      mlp.forward = (x) => {
        runs += 1;
        const y = forward(x);
        if (runs === faulty) throw new Error(`run ${faulty}`);
        return y;
      };
      await assert.rejects(attempt(), new RegExp(`run ${faulty}`));
      assert.deepEqual(memory(), before);
    }
    mlp.forward = forward;
    assert.ok(Number.isFinite(await attempt()));
    assert.deepEqual(memory(), before);
  });

  test('a step of sixteen blocks takes less than a third of the memory', async () => {
    const peakOf = async (checkpointBlocks: boolean) => {
      const { model, ...options } = setUp(1, { checkpointBlocks, steps: 2, nLayer: 16, time: 48 });
      const step = train(options);
      await step.next(); // makes the optimiser's state
      const { peakBytes: peak } = await peakBytes(() => step.next());
      model.dispose();
      return peak;
    };
    const [most, least] = [await peakOf(false), await peakOf(true)];
    assert.ok(least < most / 3, `${least} bytes of ${most}`);
  });

  /** Makes a GPT-2 with adapters and all that its training needs. */
  function setUp(
    seed: number,
    { checkpointBlocks = false, steps = 1, accumulate = 1, nLayer = 4, time = 8 },
  ) {
    const model = gpt2(seed, { nLayer });
    adapt(model, seed);
    model.checkpointBlocks = checkpointBlocks;
    const batches = [0, 1].map((i) => makeBatch(drawExamples(seed + i, [time, time - 2 * i])));
    const loss = (batch: Batch) => completionLoss(model, batch);
    const optimizer = adamW({ learningRate: 1e-2 });
    return {
      model,
      module: model,
      loss,
      batches: repeat(batches),
      optimizer,
      steps,
      accumulate,
      seed: seed % 2 ** 16,
    };
  }
});
