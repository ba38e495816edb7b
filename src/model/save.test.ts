import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../tests/close';
import { FIXTURES } from '../../tests/fixture';
import { formatTrainableParameters, injectLora } from '../lora';
import { ArgumentError, NonFiniteError } from '../tensor/errors';
import { memory, read, useAccelerator } from '../tensor/runtime';
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
    assert.deepEqual(readdirSync(folder).sort(), ['config.json', 'model.safetensors']);
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
