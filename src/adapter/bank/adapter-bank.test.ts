import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { assertClose } from '../../../tests/close';
import { exampleOf } from '../../../tests/example';
import { dora, injectLora, mergeLora, rsLora, loraLayersOf } from '../../lora';
import { drawWeights, GPT2 } from '../../model/gpt2';
import { generate, type LanguageModel } from '../../model/transformer';
import { ArgumentError, ShapeError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { quantizeModel } from '../../tensor/quant';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { completionLoss, makeBatch } from '../../train/data';
import { pissa, initFromBase } from '../base-init';
import { AdapterBank } from './adapter-bank';
import { BASE_ALONE } from './mixtures';

before(useAccelerator);

/** WebGPU compiles a program for each new shape: fewer runs there. */
const numRuns = () => (tf.getBackend() === 'webgpu' ? 1 : 6);

const config = {
  vocabSize: 17,
  maxPositions: 12,
  nEmbd: 6,
  nLayer: 2,
  nHead: 2,
  nInner: 10,
  layerNormEpsilon: 1e-5,
  eosTokenIds: [],
};

/** With large weights, so that its tokens have opinions. */
function drawModel(seed: number): GPT2 {
  const small = drawWeights(config, seed);
  const weights = new Map(
    [...small].map(([name, one]) => [name, tf.tidy(() => one.mul(one.rank === 2 ? 12 : 1))]),
  );
  const model = new GPT2(config, weights);
  tf.dispose([...small.values(), ...weights.values()]);
  return model;
}

interface Size {
  r: number;
  alpha: number;
  targets: string[];
}

const size = fc.record({
  r: fc.integer({ min: 1, max: 5 }),
  alpha: fc.double({ min: 0.5, max: 9, noNaN: true }),
  targets: fc.uniqueArray(fc.constantFrom('c_attn', 'attn.c_proj', 'c_fc', 'mlp.c_proj'), {
    minLength: 1,
  }),
});

const sizes: Size[] = [
  { r: 2, alpha: 5, targets: ['c_attn', 'c_fc'] },
  { r: 3, alpha: 4, targets: ['c_fc', 'mlp.c_proj'] },
];

/** Puts an adapter with a B that is not zero on the targets. */
function adapt({ r, alpha, targets }: Size, seed: number, more = {}) {
  return (model: Module) => {
    injectLora(model, { targetModules: targets, r, alpha, seed, ...more });
    for (const [i, { lora }] of [...loraLayersOf(model).values()].entries()) {
      tf.tidy(() => lora.B.assign(new Random(seed + i).normal<tf.Rank.R2>(lora.B.shape, 0, 0.3)));
    }
  };
}

async function drawBank(model: LanguageModel, sizes: readonly Size[], seed: number) {
  const bank = new AdapterBank(model);
  for (const [i, one] of sizes.entries()) {
    await bank.add(String(i), adapt(one, seed + 100 * i, i === 1 ? { scaling: rsLora } : {}));
  }
  return bank;
}

/** One adapter in use, or none. */
function use(bank: AdapterBank, name: string): void {
  bank.activate(...(name === BASE_ALONE ? [] : [name]));
}

async function logits(model: LanguageModel, rows: number[][]): Promise<Float32Array> {
  const all = tf.tidy(() => model.forward(model.idsTensor(rows)));
  return read(all).finally(() => all.dispose());
}

const token = fc.integer({ min: 0, max: config.vocabSize - 1 });
const mixed = fc.record({
  sizes: fc.array(size, { minLength: 2, maxLength: 3 }),
  rows: fc.array(
    fc.record({
      use: fc.nat(),
      prompt: fc.array(token, { minLength: 1, maxLength: 5 }),
      completion: fc.array(token, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

/** The adapter of a row: any of the bank's or none. */
function nameOf(bank: AdapterBank, row: { use: number }): string {
  const names = [...bank.names, BASE_ALONE];
  return names[row.use % names.length] as string;
}

describe('a mixed batch', () => {
  test('gives each row what its adapter gives it alone: forward and generation', async () => {
    await fc.assert(
      fc.asyncProperty(mixed, async ({ sizes, rows, seed }) => {
        const start = memory();
        const model = drawModel(seed);
        const bank = await drawBank(model, sizes, seed);
        const names = rows.map((row) => nameOf(bank, row));
        const prompts = rows.map(({ prompt }) => prompt);
        const texts = rows.map(({ prompt }) => [...prompt, 1, 2, 3, 4, 5].slice(0, 5));
        const options = { maxNewTokens: 3, temperature: 0, stopTokens: [] };

        bank.forRows(names);
        const together = await logits(model, texts);
        const written = await generate(model, prompts, options);
        for (const [i, name] of names.entries()) {
          use(bank, name);
          const width = 5 * config.vocabSize;
          const alone = await logits(model, [texts[i] as number[]]);
          assertClose(together.slice(i * width, (i + 1) * width), alone, 1e-5, `row ${i}, ${name}`);
          const [own] = await generate(model, [prompts[i] as number[]], options);
          assert.deepEqual(written[i], own, `row ${i}, ${name}`);
        }
        bank.dispose();
        model.dispose();
        assert.deepEqual(memory(), start);
      }),
      { numRuns: numRuns() },
    );
  });

  test('gives each adapter the gradients it gets alone', async () => {
    await fc.assert(
      fc.asyncProperty(mixed, async ({ sizes, rows, seed }) => {
        const model = drawModel(seed);
        const bank = await drawBank(model, sizes, seed);
        const names = [...new Set(rows.map((row) => nameOf(bank, row)))];
        const batches = names.map((name) => ({
          name,
          batch: makeBatch(rows.filter((row) => nameOf(bank, row) === name).map(exampleOf)),
        }));

        bank.forRows(batches.flatMap(({ name, batch }) => batch.ids.map(() => name)));
        const together = await gradients(model, () =>
          completionLoss(model, ...batches.map(({ batch }) => batch)),
        );
        for (const { name, batch } of batches.filter(({ name }) => name !== BASE_ALONE)) {
          use(bank, name);
          const alone = await gradients(model, () => completionLoss(model, batch));
          assert.equal(alone.size, 2 * bank.layers(name).size);
          for (const [parameter, gradient] of alone) {
            const mixedGradient = together.get(parameter) as Float32Array;
            assertClose(mixedGradient, gradient, 1e-5, `${name} ${parameter.name}`);
          }
          alone.forEach((_, parameter) => together.delete(parameter));
        }
        assert.equal(together.size, 0, 'a gradient of something that is not an adapter in use');
        bank.dispose();
        model.dispose();
      }),
      { numRuns: numRuns() },
    );
  });

  /** dL/d of everything that training may change now. */
  async function gradients(model: LanguageModel, loss: () => tf.Scalar) {
    const trainable = [...model.namedParameters().values()].filter(({ trainable }) => trainable);
    if (trainable.length === 0) return new Map<tf.Variable, Float32Array>();
    const { value, grads } = tf.variableGrads(loss, trainable);
    const entries = trainable.map(
      async (parameter) => [parameter, await read(grads[parameter.name] as tf.Tensor)] as const,
    );
    const all = new Map(await Promise.all(entries));
    tf.dispose([value, grads]);
    return all;
  }

  test('works on a base in 4 bits, and each row has its own dropout in training', async () => {
    const model = drawModel(8);
    await quantizeModel(model, { blockSize: 32 });
    const bank = await drawBank(model, sizes, 8);
    await bank.add('drop', adapt({ r: 2, alpha: 9, targets: ['c_fc'] }, 8, { dropout: 0.5 }));
    const names = ['0', BASE_ALONE, '1', 'drop'];
    const rows = names.map(() => [3, 1, 4]);
    bank.forRows(names);
    const together = await logits(model, rows);
    const alone = [];
    for (const name of names) {
      use(bank, name);
      alone.push(...(await logits(model, [[3, 1, 4]])));
    }
    assertClose(together, alone, 1e-5);

    bank.forRows(names);
    model.setTraining(new Random(1));
    const training = await logits(model, rows);
    model.setTraining(null);
    const width = 3 * config.vocabSize;
    assertClose(training.slice(0, 3 * width), together.slice(0, 3 * width), 1e-5);
    assert.notDeepEqual(training.slice(3 * width), together.slice(3 * width));
  });

  test('of another size, or with an unknown name or a variant, is refused', async () => {
    const model = drawModel(1);
    const bank = await drawBank(model, [{ r: 2, alpha: 3, targets: ['c_attn'] }], 1);
    await bank.add('dora', adapt({ r: 1, alpha: 2, targets: ['c_fc'] }, 5, { variant: dora }));
    bank.forRows(['0', BASE_ALONE]);
    const before = await logits(model, [[1], [1]]);
    await assert.rejects(logits(model, [[1], [1], [2], [3]]), ShapeError);
    assert.throws(
      () => bank.forRows(['0', 'nobody']),
      /one of the adapters, 0, dora, got "nobody"/,
    );
    assert.throws(() => bank.forRows([]), ArgumentError);
    for (const act of [() => bank.forRows(['dora', '0']), () => bank.activate('dora', '0')]) {
      assert.throws(act, /must be LoRA, but dora has a variant/);
    }
    assert.deepEqual(await logits(model, [[1], [1]]), before);
    bank.activate('dora'); // alone it may
    assert.notDeepEqual((await logits(model, [[1]])).slice(), before.slice(0, config.vocabSize));
  });
});

describe('a bank', () => {
  const ids = [[3, 1, 4, 1, 5]];

  test('with several in use adds up what each adds', async () => {
    const [model, merged] = [drawModel(2), drawModel(2)];
    const bank = await drawBank(model, sizes, 7);
    bank.activate('0', '1');
    for (const [i, one] of sizes.entries()) {
      adapt(one, 7 + 100 * i, i === 1 ? { scaling: rsLora } : {})(merged);
      await mergeLora(merged);
    }
    assertClose(await logits(model, ids), await logits(merged, ids), 1e-5);
    assertClose(
      await logits(model, [...ids, ...ids]),
      [...(await logits(merged, ids)), ...(await logits(merged, ids))],
      1e-5,
    );
  });

  test('leaves an adapter merged that was merged while in use', async () => {
    const model = drawModel(2);
    const bank = await drawBank(model, [sizes[0] as Size], 7);
    bank.activate('0');
    const adapted = await logits(model, ids);
    await mergeLora(model);
    const refused = {
      name: 'ArgumentError',
      message: /0 must be alive, but was merged or removed/,
    };
    assert.throws(() => bank.activate('0'), refused);
    assert.throws(() => bank.forRows(['0', BASE_ALONE]), refused);
    assertClose(await logits(model, ids), adapted, 1e-5);
    bank.dispose();
    assertClose(await logits(model, ids), adapted, 1e-5);
    model.dispose();
  });

  test('mixes adapters that start from the base', async () => {
    const model = drawModel(3);
    const bank = new AdapterBank(model);
    await bank.add('plain', adapt(sizes[0] as Size, 1));
    await bank.add('pissa', async (base) => {
      injectLora(base, { targetModules: ['c_attn'], r: 2, alpha: 3 });
      await initFromBase(base, pissa);
      const { lora } = [...loraLayersOf(base).values()][0] as { lora: { B: tf.Variable } };
      tf.tidy(() => lora.B.assign(lora.B.mul(1.5)));
    });
    bank.activate('pissa');
    const alone = await logits(model, ids);
    bank.forRows(['plain', 'pissa']);
    const both = await logits(model, [...ids, ...ids]);
    assertClose(both.slice(alone.length), alone, 1e-5);
  });

  test('copies nothing of the base, and its report is tf.memory() to the byte', async () => {
    const start = memory().bytes;
    const model = drawModel(4);
    const weights = new Map(model.namedParameters());
    const base = memory().bytes - start;
    const bank = await drawBank(model, sizes, 9);
    const report = bank.memoryReport();
    // r (d + k) float32 on each layer, in two blocks
    const [first, second] = [2 * (24 + 16), 3 * (16 + 16)].map((count) => 2 * 4 * count);
    assert.deepEqual(report.adapters, { 0: first, 1: second });
    assert.deepEqual([report.base, report.scales], [base, 0]);
    for (const select of [
      () => bank.activate('1'),
      () => bank.activate('0', '1'),
      () => bank.forRows(['0', BASE_ALONE, '1']),
      () => bank.activate(),
    ]) {
      select();
      await logits(model, [...ids, ...ids, ...ids]);
      const { base: now, total } = bank.memoryReport();
      assert.deepEqual([now, total], [base, memory().bytes - start]);
    }
    bank.dispose();
    assert.deepEqual(new Map(model.namedParameters()), weights);
    assert.equal(memory().bytes - start, base);
    model.dispose();
    assert.equal(memory().bytes, start);
  });

  test('refuses invalid adapters and names, and is then as it was', async () => {
    const model = drawModel(5);
    const bank = await drawBank(model, sizes, 3);
    bank.activate('0', '1');
    await logits(model, ids); // each weight's first use
    bank.activate('1');
    const before = { memory: memory(), logits: await logits(model, ids) };
    for (const name of ['0', '', BASE_ALONE]) {
      await assert.rejects(bank.add(name, adapt(sizes[0] as Size, 1)), /must be a new one/);
    }
    await assert.rejects(
      bank.add('x', () => undefined),
      /must put an adapter on a layer/,
    );
    const fails = (plain: Module) => {
      adapt(sizes[0] as Size, 1)(plain);
      throw new Error('no such file');
    };
    await assert.rejects(bank.add('x', fails), /no such file/);
    await assert.rejects(bank.replace('1', fails), /no such file/);
    await assert.rejects(bank.replace('2', adapt(sizes[0] as Size, 1)), /0, 1, got "2"/);
    assert.throws(() => bank.delete('1'), /not in use, got 1/);
    assert.throws(() => bank.delete('2'), ArgumentError);
    assert.throws(() => bank.activate('0', '0'), /must be different/);
    assert.throws(() => new AdapterBank(model), /must be in no other bank/);
    assert.deepEqual(bank.names, ['0', '1']);
    assert.deepEqual(memory(), before.memory);
    assert.deepEqual(await logits(model, ids), before.logits);
  });

  test('leaks nothing when it replaces, deletes and disables', async () => {
    const model = drawModel(6);
    const plain = await logits(model, ids);
    const bank = await drawBank(model, sizes, 3);
    bank.forRows(['1']);
    const [one, count] = [await logits(model, ids), memory().tensors];
    await assert.rejects(
      bank.replace('1', adapt(sizes[1] as Size, 8, { variant: dora })),
      /must be LoRA, but 1 has a variant/,
    );
    assert.deepEqual(await logits(model, ids), one);
    await bank.replace('1', adapt(sizes[1] as Size, 8));
    const other = await logits(model, ids);
    assert.notDeepEqual(other, one);
    assert.equal(memory().tensors, count);

    assert.deepEqual(await bank.disabled(() => logits(model, ids)), plain);
    await assert.rejects(
      bank.disabled(() => {
        throw new Error('inside');
      }),
      /inside/,
    );
    assert.deepEqual(await logits(model, ids), other);
    bank.activate('0');
    bank.delete('1');
    assert.deepEqual(bank.names, ['0']);
    bank.activate();
    assert.deepEqual(await logits(model, ids), plain);
  });
});
