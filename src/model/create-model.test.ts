import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { FIXTURES } from '../../tests/fixture';
import { LLAMA_CASES } from '../../tests/llama-cases';
import { FileError } from '../files/local';
import { ArgumentError } from '../tensor/errors';
import { memory, read, useAccelerator } from '../tensor/runtime';
import { createModel } from './create-model';
import { generate } from './transformer';
import { loadModel } from './load';

before(useAccelerator);

const folders = ['gpt2_tiny', ...LLAMA_CASES.map((name) => `llama_tiny/${name}`)];
const configOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(FIXTURES, folder, 'config.json'), 'utf8')) as Record<
    string,
    unknown
  >;

test('a created model has the parameters of one that is loaded, and writes a text', async () => {
  for (const folder of folders) {
    const loaded = await loadModel(path.join(FIXTURES, folder));
    const tensors = memory().tensors;
    const created = await createModel(configOf(folder), { seed: 2 });
    const shapesOf = (model: typeof created) =>
      [...model.namedParameters()].map(([name, { shape }]) => [name, shape]);
    assert.deepEqual(shapesOf(created), shapesOf(loaded), folder);
    const [ids] = await generate(created, [[1, 2, 3]], { maxNewTokens: 4, stopTokens: [] });
    assert.equal(ids?.length, 4, folder);
    created.dispose();
    assert.equal(memory().tensors, tensors, folder);
    loaded.dispose();
  }
});

test('weights are as random as transformers makes them, and the seed decides them', async () => {
  const json = { ...configOf('llama_tiny/gemma3'), vocab_size: 2000 };
  const models = [
    await createModel(json),
    await createModel(json, { seed: 0 }),
    await createModel(json, { seed: 1 }),
  ];
  const name = 'model.embed_tokens.weight';
  const values = [];
  for (const model of models) {
    const parameter = model.namedParameters().get(name);
    assert.ok(parameter);
    values.push(await read(parameter));
  }
  const [first = [], same = [], other = []] = values.map((one) => [...one]);
  assert.deepEqual(first, same);
  assert.ok(first.every((value, i) => value !== other[i]));
  const deviation = Math.sqrt(first.reduce((sum, one) => sum + one * one, 0) / first.length);
  assert.ok(Math.abs(deviation - 0.02) < 0.001, `${deviation}`);
  // Gemma's files hold γ - 1.
  const norm = models[0]?.namedParameters().get('model.norm.weight');
  assert.ok(norm);
  assert.ok((await read(norm)).every((value) => value === 0));
  for (const model of models) model.dispose();
});

test('a config that asks for what is not built is refused by name, and its object stays as it was', async () => {
  const json = configOf('llama_tiny/llama');
  const before = structuredClone(json);
  await assert.rejects(
    createModel({ ...json, hidden_act: 'relu', num_key_value_heads: 3 }),
    (error: Error) =>
      error instanceof FileError &&
      /^createModel: config:[^]*hidden_act[^]*num_key_value_heads/.test(error.message),
  );
  await assert.rejects(
    createModel({ model_type: 'bert' }),
    /model_type must be one of gpt2, llama/,
  );
  await assert.rejects(createModel(json, { seed: 0.5 }), ArgumentError);
  await assert.rejects(createModel('llama' as never), /must be an object/);
  assert.deepEqual(json, before);
});
