import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { smolLM2 } from './smollm2';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const cache = mkdtempSync(path.join(tmpdir(), 'smollm2-'));
after(() => rmSync(cache, { recursive: true }));

test("SmolLM2 is taken by its name from the hub's cache, and nothing is said", async () => {
  const home = path.join(cache, 'models--HuggingFaceTB--SmolLM2-135M-Instruct');
  const snapshot = path.join(home, 'snapshots', COMMIT);
  for (const folder of [path.join(home, 'refs'), snapshot]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(home, 'refs/main'), COMMIT);
  for (const name of [
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]) {
    writeFileSync(path.join(snapshot, name), '');
  }
  process.env.HF_HUB_CACHE = cache;
  const said: string[] = [];
  const source = await smolLM2({ say: (line) => said.push(line) });
  assert.deepEqual([source, said], ['HuggingFaceTB/SmolLM2-135M-Instruct', []]);
});
