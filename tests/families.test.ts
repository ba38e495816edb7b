/* The families of models, and how each was tested: the table in the docs is written from here. */
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
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { loadModel } from '../src/model';
import { FAMILIES } from '../src/model/llama';
import { read, useAccelerator } from '../src/tensor/runtime';
import { assertClose } from './close';
import { FIXTURES } from './fixture';
import { LLAMA_CASES, llamaCase, tolerance } from './llama-cases';

const PAGE = path.join(__dirname, '../../docs/files.md');
const BETWEEN = /(<!-- families table -->\n)[^]*(<!-- end of families table -->)/;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The models that people use of each family, and what of them was tested, in tests/real. */
const MODELS: Record<string, [models: string, real: string]> = {
  gpt2: ['GPT-2, DistilGPT-2', ''],
  llama: ['Llama 1 to 3.2, SmolLM and SmolLM2, TinyLlama', 'SmolLM2-135M-Instruct'],
  mistral: ['Mistral', ''],
  qwen2: ['Qwen 2 and 2.5', ''],
  qwen3: ['Qwen 3', ''],
  smollm3: ['SmolLM3', ''],
  gemma3_text: ['Gemma 3 for text: its sizes of 270 million and 1 billion', ''],
};

const cache = mkdtempSync(path.join(tmpdir(), 'families-'));
after(() => rmSync(cache, { recursive: true }));
before(useAccelerator);

function typeOf(json: string): string {
  return (JSON.parse(readFileSync(json, 'utf8')) as { model_type: string }).model_type;
}

/** The names of tiny models by their family. */
function byType(files: [name: string, json: string][]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, json] of files) {
    const type = typeOf(json);
    found.set(type, [...(found.get(type) ?? []), name]);
  }
  return found;
}

const folders = byType([
  ['gpt2', path.join(FIXTURES, 'gpt2_tiny/config.json')],
  ...LLAMA_CASES.map((name): [string, string] => [
    name,
    path.join(FIXTURES, 'llama_tiny', name, 'config.json'),
  ]),
]);
const ggufs = byType(
  readdirSync(path.join(FIXTURES, 'gguf_models'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, path.join(FIXTURES, 'gguf_models', name)]),
);

/** Puts a model into a cache like that of the hub. */
function publish(name: string, folder: string): void {
  const home = path.join(cache, `models--owner--${name}`);
  mkdirSync(path.join(home, 'refs'), { recursive: true });
  writeFileSync(path.join(home, 'refs/v1'), COMMIT);
  cpSync(folder, path.join(home, 'snapshots', COMMIT), { recursive: true });
}

for (const name of LLAMA_CASES) {
  test(`${name} loads by its name and revision from the hub's cache`, async () => {
    const { folder, rows, tensor, model } = await llamaCase(name);
    model.dispose();
    publish(name, folder);
    process.env.HF_HUB_CACHE = cache;
    const loaded = await loadModel(`owner/${name}@v1`);
    const logits = tf.tidy(() => loaded.forward(loaded.idsTensor(rows)));
    assertClose(await read(logits), tensor('logits'), tolerance());
    logits.dispose();
    loaded.dispose();
  });
}

function table(): string {
  const lines = ['gpt2', ...FAMILIES.map(({ modelType }) => modelType)].map((type) => {
    const [models, real] = MODELS[type] ?? assert.fail(`${type} must have a row`);
    const [tiny, gguf] = [folders.get(type) ?? [], ggufs.get(type) ?? []];
    assert.ok(tiny.length > 0, `${type} must have a tiny model`);
    return `| ${[`\`${type}\``, models, tiny.length, gguf.length || '-', real || '-'].join(' | ')} |`;
  });
  const head =
    '| `model_type` | models | tiny models tested | tiny GGUF files tested | real weights tested |';
  return `\n${[head, '| - | - | -: | -: | - |', ...lines].join('\n')}\n\n`;
}

const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{2,}/g, '-');

// `UPDATE_SNAPSHOTS=1 npm test` writes the table anew.
test('the docs have a row for each family', () => {
  const text = readFileSync(PAGE, 'utf8');
  const wanted = text.replace(BETWEEN, (_, start: string, end: string) => start + table() + end);
  if (process.env.UPDATE_SNAPSHOTS) writeFileSync(PAGE, wanted);
  else assert.equal(plain(text), plain(wanted));
});
