import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertClose } from '../../../tests/close';
import { FIXTURES, readTensors } from '../../../tests/fixture';
import { tolerance } from '../../../tests/llama-cases';
import type { FileError } from '../../files/local';
import { Linear } from '../../tensor/nn';
import { quantizedLinear } from '../../tensor/quant';
import { memory, read, useAccelerator } from '../../tensor/runtime';
import { loadModel } from '../load';
import { saveModel } from '../save';
import type { LanguageModel } from '../transformer';
import { halvesOf } from './halves';

const NAMES = [
  'llama',
  'llama3',
  'yarn',
  'quantized',
  'qwen2',
  'qwen3',
  'smollm3',
  'gemma3',
  'gpt2',
  'mixed',
  'gpt2_packed',
];
const ROOT = path.join(FIXTURES, 'gguf_models');
const [BATCH, TIME] = [2, 11];
const folder = mkdtempSync(path.join(tmpdir(), 'gguf-model-'));

before(useAccelerator);
after(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string) => path.join(ROOT, `${name}.gguf`);

async function logitsOf(model: LanguageModel): Promise<Float32Array> {
  const all = Array.from((await expected()).get('ids') as Float32Array);
  const ids = Array.from({ length: BATCH }, (_, i) => all.slice(i * TIME, (i + 1) * TIME));
  const logits = tf.tidy(() => model.forward(model.idsTensor(ids)));
  return read(logits).finally(() => logits.dispose());
}

const expected = () => readTensors('gguf_models/logits.safetensors');

/** The keys of a config of which each changes what is computed. */
function meaning(config: Record<string, unknown>): Record<string, unknown> {
  const keys =
    config.model_type === 'gpt2'
      ? [
          'vocab_size',
          'n_positions',
          'n_embd',
          'n_layer',
          'n_head',
          'n_inner',
          'layer_norm_epsilon',
        ]
      : Object.keys(config).filter((key) => /size|num_|dim|eps|scalar|rope_|tie_|_bias$/.test(key));
  return Object.fromEntries(keys.map((key) => [key, config[key]]));
}

for (const name of NAMES) {
  test(`${name}.gguf: logits are those of transformers`, async () => {
    const model = await loadModel(fileOf(name));
    assertClose(await logitsOf(model), (await expected()).get(name) ?? [], tolerance());
    model.dispose();
  });

  test(`${name}.gguf: the config is that of Hugging Face's files`, async () => {
    const model = await loadModel(fileOf(name));
    const json = JSON.parse(readFileSync(path.join(ROOT, `${name}.json`), 'utf8')) as object;
    // Keys of a family that always has them are no keys there: Qwen 2's bias.
    const made = JSON.parse(JSON.stringify(meaning(model.configJson()))) as object;
    const common = Object.keys(made).filter((key) => key in json);
    assert.ok(common.length >= 7);
    for (const key of common) assert.deepEqual(Reflect.get(made, key), Reflect.get(json, key), key);
    model.dispose();
  });
}

test("a model from a GGUF file is saved in Hugging Face's layout, and loads as the same", async () => {
  for (const name of ['gemma3', 'gpt2', 'llama']) {
    const model = await loadModel(fileOf(name));
    await saveModel(model, folder);
    const again = await loadModel(folder);
    assertClose(await logitsOf(again), await logitsOf(model), 1e-6);
    model.dispose();
    again.dispose();
  }
});

test('linear layers of a GGUF file may be made in 4 bits', async () => {
  const model = await loadModel(fileOf('quantized'), { linear: quantizedLinear() });
  const layers = [...model.namedModules()].filter(([name]) => name.endsWith('_proj'));
  assert.equal(layers.length, 14);
  assert.ok(layers.every(([, layer]) => !(layer instanceof Linear)));
  model.dispose();
});

describe('a GGUF file is refused', () => {
  const changed = (name: string, changes: [from: string, to: string][]): string => {
    let bytes = readFileSync(fileOf(name)).toString('latin1');
    for (const [from, to] of changes) {
      assert.equal(from.length, to.length);
      assert.ok(bytes.includes(from), from);
      bytes = bytes.replace(from, to);
    }
    const file = path.join(folder, 'changed.gguf');
    writeFileSync(file, Buffer.from(bytes, 'latin1'));
    return file;
  };
  const cases: [what: string, name: string, changes: [string, string][], faults: string[]][] = [
    [
      'for keys that would compute something else',
      'llama',
      [['llama.vocab_size', 'llama.rope_sizes']],
      ['llama.rope_sizes is not built.'],
    ],
    [
      'for tensors that the architecture does not have',
      'qwen3',
      [['blk.0.attn_q_norm.weight', 'blk.0.attn_z_norm.weight']],
      ['blk.0.attn_z_norm.weight is unexpected.'],
    ],
    [
      'for tensors with names of Hugging Face, which would be taken as they lie',
      'gpt2',
      [['output_norm.weight', 'transformer.ln_f.w']],
      ['transformer.ln_f.w is unexpected.'],
    ],
    [
      'for another architecture',
      'qwen2',
      [['qwen2', 'qwen9']],
      [
        'general.architecture must be one of gpt2, llama, qwen2, qwen3, smollm3, gemma3, got "qwen9".',
      ],
    ],
    [
      'for a kind of rope that is not built',
      'yarn',
      [['\u0004\0\0\0\0\0\0\0yarn', '\u0004\0\0\0\0\0\0\0warn']],
      ['rope.scaling.type must be none, linear or yarn, got "warn".'],
    ],
  ];
  for (const [what, name, changes, faults] of cases) {
    test(what, async () => {
      const { tensors } = memory();
      await assert.rejects(loadModel(changed(name, changes)), (error: FileError) => {
        assert.deepEqual([error.name, error.faults], ['FileError', faults]);
        return true;
      });
      assert.equal(memory().tensors, tensors);
    });
  }
});

test('rows come by halves', () => {
  const rows = Float32Array.from([0, 4, 1, 5, 2, 6, 3, 7].flatMap((row) => [row, -row]));
  const ordered = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap((row) => [row, -row]));
  assert.deepEqual(halvesOf(rows, 8, 2), ordered);
  const two = Float32Array.from([0, 2, 1, 3, 4, 6, 5, 7]);
  assert.deepEqual(halvesOf(two, 4, 1), Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
});
