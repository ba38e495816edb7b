import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { baseOf, outputOf, peftCase, writeCase } from '../../../tests/peft-cases';
import { ArgumentError } from '../../tensor/errors';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { loadAdapter } from '../peft';
import { AdapterBank } from './adapter-bank';

const folder = mkdtempSync(path.join(tmpdir(), 'bank-'));
after(() => rmSync(folder, { recursive: true }));
before(useAccelerator);

async function bankFor(kind: string, name: string) {
  const one = peftCase(kind, name);
  await writeCase(one, folder);
  const model = await baseOf(kind);
  const output = async () => {
    const y = outputOf(model, one);
    return read(y).finally(() => y.dispose());
  };
  const bank = new AdapterBank(model);
  return { model, bank, output, base: await output() };
}

describe('a bank refuses, and restores the base of, an adapter', () => {
  for (const [kind, name, what] of [
    ['gpt2', 'wpe', /an adapter on transformer\.wpe/],
    ['gpt2', 'wte', /an adapter on transformer\.wte/],
    ['gpt2', 'biases lora_only', /transformer\.h\.0\.attn\.c_attn\.bias/],
    ['llama_biases', 'norms and head whole', /model\.layers\.0\.input_layernorm\.weight/],
    ['llama_biases', 'table and head', /model\.embed_tokens\.weight, lm_head\.weight/],
  ] as const) {
    test(`with more than linear layers: ${kind}, ${name}`, async () => {
      const { model, bank, output, base } = await bankFor(kind, name);
      const start = memory();
      const added = bank.add('x', (on) => loadAdapter(on, folder));
      await assert.rejects(added, (error: Error) => {
        assert.ok(error instanceof ArgumentError);
        assert.match(error.message, /adapt must change linear layers alone/);
        assert.match(error.message, what);
        return true;
      });
      assert.deepEqual(await output(), base);
      assert.deepEqual(memory(), start);
      assert.deepEqual(bank.names, []);
      model.dispose();
    });
  }
});

test('a bank takes an adapter on the head, whose file holds the weight of the base', async () => {
  const { model, bank, output, base } = await bankFor('llama_biases', 'the head');
  await bank.add('x', (on) => loadAdapter(on, folder));
  assert.deepEqual(await output(), base);
  bank.activate('x');
  assert.notDeepEqual(await output(), base);
  bank.dispose();
  model.dispose();
});
