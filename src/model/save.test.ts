import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { FIXTURES } from '../../tests/fixture';
import { formatTrainableParameters, injectLora } from '../lora';
import { ArgumentError, NonFiniteError } from '../tensor/errors';
import { memory, read, useAccelerator } from '../tensor/runtime';
import { drawWeights, GPT2, type GPT2Config } from './gpt2';
import { loadModel } from './load';
import { saveModel } from './save';
import type { LanguageModel } from './transformer';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const folder = mkdtempSync(path.join(tmpdir(), 'gpt2-save-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

function fingerprint(model: LanguageModel): Promise<Float32Array> {
  return read(tf.tidy(() => model.forward(model.idsTensor([[5, 1, 60, 7]]))));
}

describe('saveModel and loadModel', () => {
  test('are inverses, to the byte of the file from transformers', async () => {
    const model = await loadModel(fixture);
    const want = await fingerprint(model);
    const start = memory();
    await saveModel(model, folder);
    assert.deepEqual(memory(), start);
    const names = ['config.json', 'generation_config.json', 'model.safetensors'];
    assert.deepEqual(readdirSync(folder).sort(), names);
    const [ours, theirs] = [folder, fixture].map((at) =>
      readFileSync(path.join(at, 'model.safetensors')),
    );
    assert.deepEqual(ours, theirs);
    const again = await loadModel(folder);
    assert.deepEqual(again.config, model.config);
    assert.deepEqual(await fingerprint(again), want);
  });

  test('are inverses up to rounding in float16, at half the size', async () => {
    const model = await loadModel(fixture);
    const half = path.join(folder, 'half');
    mkdirSync(half);
    await saveModel(model, half, { dtype: 'F16' });
    const once = await loadModel(half);
    assertClose(await fingerprint(once), await fingerprint(model), 0.01);
    const bytes = readFileSync(path.join(half, 'model.safetensors'));
    assert.ok(bytes.length < 25_000, `${bytes.length} bytes`);
    await saveModel(once, half, { dtype: 'F16' });
    assert.deepEqual(readFileSync(path.join(half, 'model.safetensors')), bytes);
  });

  test('keep every key of both configs, understood or not', async () => {
    const [from, to] = ['from', 'to'].map((name) => path.join(folder, name)) as [string, string];
    mkdirSync(from);
    mkdirSync(to);
    cpSync(fixture, from, { recursive: true });
    const json = JSON.parse(readFileSync(path.join(from, 'config.json'), 'utf8')) as object;
    const configs: Record<string, object>[] = [
      {
        config: {
          ...{ ...json, bos_token_id: 5, pad_token_id: 6, eos_token_id: [0, 7], resid_pdrop: 0.25 },
          ...{ task_specific_params: { 'text-generation': { max_length: 50 } }, my_key: [1, null] },
        },
        generation: { eos_token_id: [7, 9], bos_token_id: 5, top_k: 3, my_key: { a: 1 } },
      },
      { config: { ...json, eos_token_id: null, bos_token_id: null }, generation: {} },
      { config: { ...json, eos_token_id: 4 }, generation: { eos_token_id: 8, pad_token_id: 0 } },
    ];
    for (const { config, generation } of configs) {
      writeFileSync(path.join(from, 'config.json'), JSON.stringify(config));
      writeFileSync(path.join(from, 'generation_config.json'), JSON.stringify(generation));
      const model = await loadModel(from);
      await saveModel(model, to);
      const again = await loadModel(to);
      assert.deepEqual(again.config, model.config);
      const read = (name: string) =>
        JSON.parse(readFileSync(path.join(to, name), 'utf8')) as Record<string, unknown>;
      assert.deepEqual(read('config.json'), config);
      assert.deepEqual(read('generation_config.json'), generation);
      model.dispose();
      again.dispose();
    }
  });

  test('name the type that numbers are stored in, where a config names one', async () => {
    const model = await loadModel(fixture);
    const name = async (dtype: 'F32' | 'F16') => {
      await saveModel(model, folder, { dtype });
      const json = readFileSync(path.join(folder, 'config.json'), 'utf8');
      return (JSON.parse(json) as { dtype: string }).dtype;
    };
    assert.deepEqual([await name('F16'), await name('F32')], ['float16', 'float32']);
  });

  test('write for a new model that it ends with its first token, in both configs', async () => {
    const { config } = await loadModel(fixture);
    for (const [eosTokenIds, bos, eos] of [
      [[], null, null],
      [[3], 3, 3],
      [[3, 4], 3, [3, 4]],
    ] as const) {
      const sizes = { ...(config as GPT2Config), eosTokenIds };
      const weights = drawWeights(sizes, 1);
      await saveModel(new GPT2(sizes, weights), folder);
      for (const name of ['config.json', 'generation_config.json']) {
        const json = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as object;
        const { bos_token_id, eos_token_id } = json as Record<string, unknown>;
        assert.deepEqual([bos_token_id, eos_token_id], [bos, eos]);
      }
      assert.deepEqual((await loadModel(folder)).config, sizes);
    }
  });

  test('refuse NaN weights and adapters on layers, and leave the old file', async () => {
    const model = await loadModel(fixture);
    await saveModel(model, folder);
    const before = readFileSync(path.join(folder, 'model.safetensors'));
    const bias = model.namedParameters().get('transformer.ln_f.bias') as tf.Variable;
    tf.tidy(() => bias.assign(tf.fill([24], NaN)));
    await assert.rejects(saveModel(model, folder), NonFiniteError);
    injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 4 });
    await assert.rejects(saveModel(model, folder), ArgumentError);
    assert.deepEqual(readFileSync(path.join(folder, 'model.safetensors')), before);
  });
});

describe('LoRA on the layers of GPT-2', () => {
  test('is counted, starts as the base, and is all that gets gradients', async () => {
    const model = await loadModel(fixture);
    const want = await fingerprint(model);
    const names = injectLora(model, { targetModules: 'all-linear', r: 3, alpha: 6 });
    assert.equal(names.length, 8);
    assert.equal(names[0], 'transformer.h.0.attn.c_attn');
    const per = 3 * (24 + 72) + 3 * (24 + 24) + 2 * 3 * (24 + 40);
    const base = 61 * 24 + 19 * 24 + 48 + 2 * (4 * 24 * 24 + 2 * 24 * 40 + 9 * 24 + 40);
    const share = ((200 * per) / (base + 2 * per)).toFixed(4);
    assert.equal(
      formatTrainableParameters(model),
      `trainable params: ${(2 * per).toLocaleString('en-US')} || all params: ${(base + 2 * per).toLocaleString('en-US')} || trainable%: ${share}`,
    );
    assert.deepEqual(await fingerprint(model), want);

    const trainable = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
    assert.equal(trainable.length, 16);
    const ids = model.idsTensor([[5, 1, 60, 7]]);
    const { grads } = tf.variableGrads(() => model.forward(ids).square().mean().asScalar());
    for (const [name, { name: variable }] of trainable) {
      const gradient = await read(grads[variable] as tf.Tensor);
      const size = gradient.reduce((sum, value) => sum + Math.abs(value), 0);
      // B starts at 0, so at first only B has a gradient.
      assert.ok(name.endsWith('.B') ? size > 1e-3 : size === 0, `${name}: ${size}`);
    }
  });
});
