import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FIXTURES } from '../../tests/fixture';
import { FileError } from '../files/local';
import { useAccelerator } from '../tensor/runtime';
import { GPT2 } from './gpt2';
import { loadModel } from './load';
import { loadTokenizer } from './load-tokenizer';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const folder = mkdtempSync(path.join(tmpdir(), 'load-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

test('a model and its tokenizer are loaded by a name from the cache of the hub', async () => {
  const home = path.join(folder, 'models--tiny');
  mkdirSync(path.join(home, 'refs'), { recursive: true });
  writeFileSync(path.join(home, 'refs/main'), COMMIT);
  const fixture = path.join(FIXTURES, 'gpt2_tiny');
  cpSync(fixture, path.join(home, 'snapshots', COMMIT), { recursive: true });
  process.env.HF_HUB_CACHE = folder;
  const model = await loadModel('tiny');
  assert.ok(model instanceof GPT2);
  const tokenizer = await loadTokenizer('tiny', model.config);
  assert.ok(tokenizer.get_vocab(true).size <= model.config.vocabSize);
  model.dispose();
});

test('a model of an unknown family is refused with the known ones', async () => {
  for (const [type, shown] of [
    ['mamba', '"mamba"'],
    [7, '7'],
    ['__proto__', '"__proto__"'],
  ] as const) {
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ model_type: type }));
    await assert.rejects(loadModel(folder), (error: Error) => {
      assert.ok(error instanceof FileError);
      const [fault = ''] = error.faults;
      assert.match(fault, /^model_type must be one of gpt2, llama, mistral, .*, got /);
      assert.ok(fault.endsWith(`, got ${shown}.`), fault);
      return true;
    });
  }
});

test('what is no name is refused, before the hub is asked', async () => {
  process.env.HF_HUB_CACHE = folder;
  const config = { vocabSize: 3, maxPositions: 3, eosTokenIds: [] };
  for (const [given, shown] of [
    [undefined, 'nothing'],
    [null, 'null'],
    [7, '7'],
    ['', '""'],
    [{ name: 'gpt2' }, '{"name":"gpt2"}'],
  ] as const) {
    for (const [caller, load] of [
      ['loadModel', loadModel],
      ['loadTokenizer', (name: string) => loadTokenizer(name, config)],
    ] as const) {
      const message = `${caller}: the model must be a folder, a .gguf file or a name on the hub such as distilgpt2, got ${shown}.`;
      await assert.rejects(load(given as unknown as string), { name: 'ArgumentError', message });
    }
  }
});
