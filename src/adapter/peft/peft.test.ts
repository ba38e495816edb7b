import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { Net, outputOf, peftCase, writeCase } from '../../../tests/peft-cases';
import { FileError } from '../../files/local';
import { SafetensorsError, type TensorToWrite, writeSafetensors } from '../../files/safetensors';
import { injectLora, type LoRALinear, mergeLora, rsLora, loraLayersOf } from '../../lora';
import { ArgumentError, NonFiniteError } from '../../tensor/errors';
import { Linear, Module } from '../../tensor/nn';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { loadAdapter } from './load-adapter';
import { savePretrained } from './save-pretrained';

const root = fs.mkdtempSync(path.join(tmpdir(), 'peft-test-'));
after(() => fs.rmSync(root, { recursive: true }));
before(useAccelerator);

/** A fresh folder with the files of a case, its config changed. */
async function folderWith(change: Record<string, unknown> = {}, name = 'two entries') {
  const folder = fs.mkdtempSync(path.join(root, 'adapter-'));
  await writeCase(peftCase('net', name), folder);
  const file = path.join(folder, 'adapter_config.json');
  const config = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
  fs.writeFileSync(file, JSON.stringify({ ...config, ...change }));
  return folder;
}

/** Fails unless loading fails with an FileError like this, and the model stays as it was. */
async function assertRefused(folder: string, pattern: RegExp, kind: object = FileError) {
  const model = new Net();
  const start = memory();
  const names = [...model.namedParameters().keys()];
  await assert.rejects(loadAdapter(model, folder), (error: Error) => {
    assert.ok(error instanceof (kind as typeof Error), `${error.name}: ${error.message}`);
    assert.match(error.message, pattern);
    return true;
  });
  assert.deepEqual(memory(), start);
  assert.deepEqual([...model.namedParameters().keys()], names);
  assert.ok([...model.namedParameters().values()].every(({ trainable }) => trainable));
  model.dispose();
}

function adapted(options: Partial<Parameters<typeof injectLora>[1]> = {}): Net {
  const model = new Net();
  injectLora(model, { targetModules: ['up'], r: 2, alpha: 5, ...options });
  for (const module of model.namedModules().values()) {
    const { lora } = module as LoRALinear;
    if (lora) tf.tidy(() => lora.B.assign(tf.randomNormal(lora.B.shape, 0, 1, 'float32', 7)));
  }
  return model;
}

describe('loadAdapter: adapter_config.json', () => {
  for (const [change, pattern] of [
    [{ use_dora: true }, /lora_magnitude_vector is missing/],
    [{ bias: 'some' }, /bias must be none, all or lora_only, got "some"/],
    [{ modules_to_save: 'head' }, /modules_to_save must be names of modules or null/],
    [{ modules_to_save: ['nowhere'] }, /must name modules of the model, got "nowhere"/],
    [{ modules_to_save: ['0.up'] }, /without adapters, got model.layers.0.up/],
    [
      { modules_to_save: ['head'], bias: 'all' },
      /bias = "all" is unsupported with modules_to_save/,
    ],
    [{ lora_bias: true, alora_invocation_tokens: [1] }, /alora_.* unsupported[^]*lora_bias/],
    [{ trainable_token_indices: [3] }, /trainable_token_indices/],
    [{ target_parameters: ['w'] }, /target_parameters/],
    [{ layer_replication: [[0, 2]] }, /layer_replication/],
    [{ init_lora_weights: 'pissa_niter_16' }, /"pissa_niter_16" is unsupported: it changes/],
    [{ init_lora_weights: 'olora' }, /"olora" is unsupported/],
    [{ peft_type: 'LOHA' }, /peft_type must be "LORA", got "LOHA"/],
    [{ peft_type: undefined }, /peft_type is missing/],
    [{ r: 0, lora_alpha: null }, /r must be a positive integer, got 0[^]*lora_alpha must be/],
    [{ r: 2.5 }, /r must be a positive integer, got 2.5/],
    [{ rank_pattern: { up: '4' } }, /rank_pattern must be positive integers by name/],
    [{ target_modules: null }, /target_modules must be names of layers/],
    [{ target_modules: ['q_proj'] }, /must match linear layers[^]*9, called up, down, head/],
    [{ target_modules: '(up' }, /must be a quick regular expression, got ".*Unterminated group/],
    [{ target_modules: '((.+)+)+!' }, /must be a quick regular expression, got ".*timed out/],
    [{ target_modules: '.*up', layers_to_transform: 1 }, /must be null if target_modules/],
    [{ layers_pattern: 'layers' }, /layers_to_transform must be given/],
    [{ rank_pattern: { up: 8 } }, /layers.0.up.lora_A.weight must be \[8, 6\], got \[3, 6\]/],
    [{ lora_alpha: '2' }, /lora_alpha must be a finite number, got "2"/],
    [{ alpha_pattern: { up: null } }, /alpha_pattern must be finite numbers by name/],
    [{ rank_pattern: { '.*': 3, '0': 2 }, target_modules: ['0'] }, /must match linear layers/],
  ] as const) {
    test(JSON.stringify(change), async () => {
      await assertRefused(await folderWith(change), pattern);
    });
  }

  test('unknown keys are kept and reported; dropout is restored for further training', async () => {
    const folder = await folderWith({ future_key: { a: [1] }, lora_dropout: 0.1 });
    const model = new Net();
    const { config, unknownKeys } = await loadAdapter(model, folder);
    assert.deepEqual(unknownKeys, ['future_key']);
    for (const { lora } of loraLayersOf(model).values()) assert.equal(lora.dropout.p, 0.1);
    const again = path.join(root, 'unknown');
    assert.deepEqual(await savePretrained(model, again, { config }), config);
    const text = fs.readFileSync(path.join(again, 'adapter_config.json'), 'utf8');
    assert.deepEqual(JSON.parse(text), config);
    assert.match(text, /^\{\n {2}"alora_invocation_tokens": null,\n/);
    assert.deepEqual((JSON.parse(text) as typeof config).future_key, { a: [1] });
    model.dispose();
  });

  test('that is not JSON, not an object, too long or missing is refused', async () => {
    for (const [text, pattern] of [
      ['{"r": NaN}', /must hold a JSON object: Unexpected token/],
      ['[1]', /must hold a JSON object, got \[1\]/],
      [' '.repeat(2 ** 20 + 1), /must have at most 1048576 bytes/],
    ] as const) {
      const folder = await folderWith();
      fs.writeFileSync(path.join(folder, 'adapter_config.json'), text);
      await assertRefused(folder, pattern);
    }
    await assertRefused(root, /must be there, but its folder only holds/);
    await assertRefused(path.join(root, 'nowhere'), /must be there, but .*nowhere is not there/);
  });
});

describe('loadAdapter: adapter_model.safetensors', () => {
  const tensor = (...shape: [number, number]): TensorToWrite => ({
    shape,
    values: new Float32Array(shape[0] * shape[1]).fill(1),
  });
  const name = (layer: string, matrix: string) => `base_model.model.${layer}.lora_${matrix}.weight`;
  const good = () =>
    new Map([
      [name('head', 'A'), tensor(2, 6)],
      [name('head', 'B'), tensor(5, 2)],
    ]);
  const refused = async (tensors: Map<string, TensorToWrite>, pattern: RegExp) => {
    const folder = await folderWith({}, 'the head');
    await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), tensors);
    await assertRefused(folder, pattern);
  };

  test('missing, unexpected and misshapen tensors are in one error, with suggestions', async () => {
    const tensors = good();
    tensors.delete(name('head', 'A'));
    tensors.set('base_model.model.model.head.lora_A.weight', tensor(2, 6));
    tensors.set(name('head', 'B'), tensor(2, 5));
    await refused(
      tensors,
      /:\n {2}base_model.model.head.lora_A.weight is missing.\n {2}base_model.model.model.head.lora_A.weight is unexpected. Is base_model.model.head.lora_A.weight meant\?\n {2}base_model.model.head.lora_B.weight must be \[5, 2\], got \[2, 5\].$/,
    );
  });

  test('unsupported tensors are named', async () => {
    await refused(
      good().set('base_model.model.head.lora_B.bias', tensor(5, 1)),
      /head.lora_B.bias is unsupported/,
    );
  });

  test('NaN is counted', async () => {
    const tensors = good();
    tensors.get(name('head', 'B'))?.values.fill(NaN, 3, 5);
    await refused(tensors, /lora_B.weight must be finite, got 2 of 10 NaN or infinite/);
  });

  test('a broken file is a SafetensorsError', async () => {
    const folder = await folderWith();
    fs.truncateSync(path.join(folder, 'adapter_model.safetensors'), 100);
    await assertRefused(folder, /header/, SafetensorsError);
  });

  test('a link that leads out of the folder is not followed; one inside is', async () => {
    const folder = await folderWith();
    const file = path.join(folder, 'adapter_model.safetensors');
    fs.renameSync(file, path.join(folder, 'blob'));
    fs.symlinkSync('blob', file);
    await loadAdapter(new Net(), folder);
    fs.renameSync(path.join(folder, 'blob'), path.join(root, 'blob'));
    fs.rmSync(file);
    fs.symlinkSync('../blob', file);
    await assertRefused(folder, /got a link that leads out/);
    fs.rmSync(file);
    fs.mkdirSync(file);
    await assertRefused(folder, /must be a regular file/);
  });
});

describe('savePretrained', () => {
  test('describes the adapter in a short config', async () => {
    const folder = path.join(root, 'saved', 'deep');
    const model = adapted({ r: (name) => (name.includes('.2.') ? 4 : 2), scaling: rsLora });
    const start = memory();
    const config = await savePretrained(model, folder, {
      config: { base_model_name_or_path: 'someone/some-net' },
    });
    assert.deepEqual(memory(), start);
    assert.deepEqual(config.target_modules, ['up']);
    assert.deepEqual([config.r, config.lora_alpha, config.use_rslora], [2, 5, true]);
    assert.deepEqual(config.rank_pattern, { '^model\\.layers\\.2\\.up': 4 });
    assert.deepEqual(config.alpha_pattern, {});
    assert.deepEqual(fs.readdirSync(folder).sort(), [
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    const card = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
    assert.match(card, /^---\nbase_model: "someone\/some-net"\nlibrary_name: peft\n/);
  });

  test('an existing card is kept', async () => {
    const folder = fs.mkdtempSync(path.join(root, 'card-'));
    fs.writeFileSync(path.join(folder, 'README.md'), 'mine');
    await savePretrained(adapted(), folder);
    assert.equal(fs.readFileSync(path.join(folder, 'README.md'), 'utf8'), 'mine');
  });

  test('float16 halves the numbers', async () => {
    const folder = path.join(root, 'half');
    await savePretrained(adapted(), folder, { dtype: 'F16' });
    const model = new Net();
    await loadAdapter(model, folder);
    const bytes = fs.statSync(path.join(folder, 'adapter_model.safetensors')).size;
    await savePretrained(model, folder);
    const numbers = 2 * (6 + 10 + 7 + 9 + 8 + 11 + 6 + 7);
    const full = fs.statSync(path.join(folder, 'adapter_model.safetensors')).size;
    assert.ok(Math.abs(full - bytes - 2 * numbers) < 32, `${full} and ${bytes} bytes`);
  });

  test('a name that is the end of another gets a pattern', async () => {
    class Pair extends Module {
      constructor() {
        super();
        for (const name of ['up', 'inner.up']) {
          this.addChild(name, new Linear({ inFeatures: 3, outFeatures: 4 }));
        }
      }
      forward(x: tf.Tensor): tf.Tensor {
        return this.child('up').forward(x);
      }
    }
    const folder = path.join(root, 'ends');
    const save = async (targetModules: string) => {
      const model = new Pair();
      injectLora(model, { targetModules, r: 2, alpha: 5 });
      return (await savePretrained(model, folder)).target_modules;
    };
    assert.deepEqual(await save('.*up'), ['up']);
    assert.deepEqual(await save('inner.up'), ['inner.up']);
    assert.equal(await save('up'), 'up');
    assert.deepEqual((await loadAdapter(new Pair(), folder)).names, ['up']);
  });

  test('refuses a config that contradicts the model, and writes nothing', async () => {
    const folder = await folderWith();
    const before = fs.readFileSync(path.join(folder, 'adapter_config.json'), 'utf8');
    const model = adapted();
    for (const [config, pattern] of [
      [{ r: 3 }, /model.layers.0.up has r 2, not 3/],
      [{ use_dora: true }, /use_dora is false/],
      [{ lora_dropout: 0.1 }, /lora_dropout is 0/],
      [{ use_rslora: true }, /is scaled by 2.5, not 3.53/],
      [{ target_modules: ['up', 'head'] }, /head has none/],
      [{ target_modules: ['0.up'] }, /model.layers.3.up has one that it does not name/],
    ] as const) {
      const options = { config: config as object };
      await assert.rejects(savePretrained(model, folder, options), pattern);
    }
    await assert.rejects(savePretrained(model, folder, { config: { bias: 'all' } }), /bias/);
    await assert.rejects(savePretrained(new Net(), folder), ArgumentError);
    const odd = adapted({ scaling: (alpha) => alpha * alpha });
    await assert.rejects(savePretrained(odd, folder), /the scales must all be alpha/);
    const mixed = adapted({ targetModules: ['head'], dropout: 0.1 });
    injectLora(mixed, { targetModules: ['up'], r: 2, alpha: 5 });
    await assert.rejects(savePretrained(mixed, folder), /must have one dropout, got 0 and 0.1/);
    const { lora } = model.namedModules().get('model.layers.1.up') as LoRALinear;
    tf.tidy(() => lora.A.assign(tf.fill([2, 7], NaN)));
    await assert.rejects(savePretrained(model, folder), NonFiniteError);
    await assert.rejects(savePretrained(adapted(), '/dev/null'), FileError);
    assert.equal(fs.readFileSync(path.join(folder, 'adapter_config.json'), 'utf8'), before);
    assert.equal(fs.readdirSync(folder).length, 2);
  });
});

describe('a loaded adapter', () => {
  test('can be trained further: only A and B get gradients; a second adapter is refused', async () => {
    const model = new Net();
    const folder = await folderWith();
    const { names } = await loadAdapter(model, folder);
    const trainable = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
    assert.deepEqual(
      trainable.map(([name]) => name),
      names.flatMap((name) => [`${name}.lora.A`, `${name}.lora.B`]),
    );
    await assert.rejects(loadAdapter(model, folder), ArgumentError);
  });

  test('can be merged; NaN is refused and the model stays as it was', async () => {
    const one = peftCase('net', 'two entries');
    const model = new Net();
    await loadAdapter(model, await folderWith());
    const { lora } = model.namedModules().get('model.layers.3.down') as LoRALinear;
    const A = lora.A.clone();
    tf.tidy(() => lora.A.assign(tf.fill(lora.A.shape, NaN)));
    await assert.rejects(mergeLora(model), NonFiniteError);
    const start = memory();
    await assert.rejects(mergeLora(model), NonFiniteError);
    assert.deepEqual(memory(), start);
    tf.tidy(() => lora.A.assign(A));
    A.dispose();
    const y = await read(outputOf(model, one));
    await mergeLora(model);
    assert.deepEqual(await mergeLora(model), []);
    const merged = await read(outputOf(model, one));
    assert.ok(y.every((value, i) => Math.abs(value - (merged[i] ?? NaN)) < 1e-4));
    assert.ok([...model.namedParameters().values()].every(({ trainable }) => !trainable));
    assert.deepEqual([...model.namedParameters().keys()], [...new Net().namedParameters().keys()]);
  });
});
