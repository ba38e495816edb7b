/* Adapters on decoders like Llama's: PEFT's files, targets, 4 bits, merging, a bank. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { LLAMA_CASES, llamaCase, type LlamaCase, tolerance } from '../../../tests/llama-cases';
import { onSoftwareGpu, someOf } from '../../../tests/some-of';
import { AdapterBank, BASE_ALONE, loadAdapter } from '../../adapter';
import { injectLora, loraLayersOf, mergeLora } from '../../lora';
import { quantizedLinear, quantizeModel } from '../../tensor/quant';
import { memory, Random, read, useAccelerator } from '../../tensor/runtime';
import { IGNORED, sparseCrossEntropy } from '../../train/loop';
import { loadModel } from '..';
import type { LanguageModel } from '../transformer';

before(useAccelerator);

for (const name of someOf(LLAMA_CASES, 4)) {
  describe(`${name} with an adapter on every linear layer, against PEFT in float64`, () => {
    let given: LlamaCase;
    let trainable: [name: string, parameter: tf.Variable][];
    before(async () => {
      given = await llamaCase(name);
      const { names } = await loadAdapter(given.model, path.join(given.folder, 'adapter'));
      assert.equal(names.length, 7 * given.model.config.blocks.length);
      trainable = [...given.model.namedParameters()].filter(([, one]) => one.trainable);
      assert.equal(trainable.length, 2 * names.length);
    });

    test('the loss and all gradients agree, and nothing leaks', async () => {
      tf.dispose(Object.values(gradients(given, trainable))); // the first use of each tensor
      const start = memory();
      const { value, grads } = gradients(given, trainable);
      assertClose(await read(value), given.tensor('loss'), tolerance(), 'loss');
      for (const [own, parameter] of trainable) {
        const want = given.tensor(`grad.${peftName(own)}`);
        assertClose(await read(grads[parameter.name] as tf.Tensor), want, tolerance(5e-5), own);
      }
      tf.dispose([value, grads]);
      assert.deepEqual(memory(), start);
    });

    test('20 steps of SGD follow loss for loss, 3 on a GPU in software', async () => {
      const losses = given.losses.slice(0, onSoftwareGpu ? 3 : 20);
      for (const [step, want] of losses.entries()) {
        const { value, grads } = gradients(given, trainable);
        assertClose(await read(value), [want], 1e-4, `loss of step ${step + 1}`);
        tf.tidy(() => {
          for (const [, parameter] of trainable) {
            parameter.assign(parameter.sub((grads[parameter.name] as tf.Tensor).mul(0.01)));
          }
        });
        tf.dispose([value, grads]);
      }
    });
  });
}

function gradients({ model, rows }: LlamaCase, trainable: [string, tf.Variable][]) {
  const labels = rows.flatMap((row) => [...row.slice(1), IGNORED]);
  const loss = () => sparseCrossEntropy(model.forward(model.idsTensor(rows)), labels);
  return tf.variableGrads(
    loss,
    trainable.map(([, parameter]) => parameter),
  );
}

/** PEFT's name of one of our parameters. */
function peftName(name: string): string {
  return name.replace(/\.lora\.([AB])$/, '.lora_$1.weight');
}

describe('targets', () => {
  test('of Llama by default, and all linear layers, leave the head alone', async () => {
    for (const name of ['llama_biases', 'llama']) {
      const { model } = await llamaCase(name);
      const few = injectLora(model, { targetModules: ['q_proj', 'v_proj'], r: 2, alpha: 3 });
      assert.deepEqual(
        few,
        [0, 1].flatMap((i) => ['q', 'v'].map((of) => `model.layers.${i}.self_attn.${of}_proj`)),
      );
      const others = await llamaCase(name);
      const all = injectLora(others.model, { targetModules: 'all-linear', r: 2, alpha: 3 });
      assert.equal(all.length, 14);
      assert.ok(!all.some((one) => one.includes('head')));
    }
  });
});

test('mergeLora gives the logits of the adapter (qwen3)', async () => {
  const { model, folder, rows } = await llamaCase('qwen3');
  const base = await logitsOf(model, rows);
  await loadAdapter(model, path.join(folder, 'adapter'));
  const adapted = await logitsOf(model, rows);
  await mergeLora(model);
  assert.equal(loraLayersOf(model).size, 0);
  assertClose(await logitsOf(model, rows), adapted, tolerance());
  assert.throws(() => assertClose(base, adapted, 0.1));
});

test('a bank serves other adapters in one batch, row by row (gemma3)', async () => {
  const { model, folder, rows } = await llamaCase('gemma3');
  const bank = new AdapterBank(model);
  await bank.add('peft', (on) => loadAdapter(on, path.join(folder, 'adapter')));
  await bank.add('drawn', (on) => {
    injectLora(on, { targetModules: ['k_proj', 'up_proj'], r: 2, alpha: 3, seed: 5 });
    for (const { lora } of loraLayersOf(on).values()) {
      tf.tidy(() => lora.B.assign(new Random(6).normal<tf.Rank.R2>(lora.B.shape, 0, 0.5)));
    }
  });
  const names = ['peft', BASE_ALONE, 'drawn'];
  const alone: number[] = [];
  for (const [i, name] of names.entries()) {
    if (name === BASE_ALONE) bank.activate();
    else bank.activate(name);
    alone.push(...(await logitsOf(model, [rows[i] as number[]])));
  }
  bank.forRows(names);
  assertClose(await logitsOf(model, rows), alone, tolerance());
  bank.dispose();
});

test('in 4 bits it trains an adapter, made so on loading or later (llama_biases)', async () => {
  const [given, other] = [await llamaCase('llama_biases'), await llamaCase('llama_biases')];
  const full = await logitsOf(given.model, given.rows);
  const { layers } = await quantizeModel(given.model);
  assert.equal(layers.length, 14);
  const packed = await logitsOf(given.model, given.rows);
  assert.throws(() => assertClose(packed, full, 0.01), /max difference/);
  const loaded = await loadModel(other.folder, { linear: quantizedLinear() });
  assertClose(await logitsOf(loaded, given.rows), packed, tolerance());
  injectLora(given.model, { targetModules: 'all-linear', r: 2, alpha: 3 });
  const trainable = [...given.model.namedParameters()].filter(([, one]) => one.trainable);
  const { value, grads } = gradients(given, trainable);
  const sizes = await Promise.all(
    trainable
      .filter(([name]) => name.endsWith('.B'))
      .map(([, { name }]) => read((grads[name] as tf.Tensor).abs().max())),
  );
  assert.ok(sizes.every(([size = 0]) => size > 0));
  tf.dispose([value, grads]);
});

async function logitsOf(model: LanguageModel, rows: number[][]): Promise<Float32Array> {
  const logits = tf.tidy(() => model.forward(model.idsTensor(rows)));
  return read(logits).finally(() => logits.dispose());
}
