import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { FIXTURES } from '../../../tests/fixture';
import { FileError } from '../../files/local';
import { loadModel } from '..';
import { checkConfig, type LlamaConfig } from './config';
import { FAMILIES } from './families';

type Json = Record<string, unknown>;

/** The config of a case of `fixtures/llama_tiny.py`, changed; undefined takes a key away. */
function jsonOf(name: string, changes: Json = {}): Json {
  const file = path.join(FIXTURES, 'llama_tiny', name, 'config.json');
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as Json), ...changes };
}

/** What is read of it. */
function configOf(name: string, changes: Json = {}): LlamaConfig {
  const json = jsonOf(name, changes);
  const family = FAMILIES.find(({ modelType }) => modelType === jsonOf(name).model_type);
  assert.ok(family);
  return checkConfig('test', 'config.json', json, family);
}

/** What is read of it, without the JSON. */
function meaningOf(name: string, changes: Json = {}): Partial<LlamaConfig> {
  return { ...configOf(name, changes), json: {} };
}

function faultsOf(name: string, changes: Json): readonly string[] {
  try {
    configOf(name, changes);
  } catch (error) {
    assert.ok(error instanceof FileError, String(error));
    return error.faults;
  }
  return [];
}

const YARN = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 };
const LLAMA3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 1 };

/** Configs with one fault: a case, the change, the fault. */
const REFUSED: [name: string, changes: Json, fault: RegExp][] = [
  [
    'llama',
    { rope_parameters: { rope_type: 'longrope', factor: 2 } },
    /^rope_parameters\.rope_type must be default, linear, dynamic, llama3 or yarn, got "longrope"/,
  ],
  ['llama', { rope_scaling: { type: 'su' } }, /^rope_scaling\.rope_type must be .* got "su"/],
  ['llama', { rope_scaling: { type: 'linear' } }, /^rope_scaling\.factor must be a positive/],
  ['llama', { rope_scaling: 'linear' }, /^rope_scaling must be an object, got "linear"/],
  ['llama', { rope_parameters: LLAMA3 }, /high_freq_factor must be above low_freq_factor 4, got 1/],
  ['llama', { rope_parameters: { ...YARN, truncate: 1 } }, /truncate must be true or false/],
  ['llama', { rope_parameters: { ...YARN, truncate: null } }, /truncate must be true or false/],
  ['llama', { is_causal: false }, /^is_causal must be true, got false/],
  ['gemma3', { is_causal: false }, /^is_causal must be true, got false/],
  ['gemma3', { rope_scaling: 'linear' }, /^rope_scaling must be an object, got "linear"/],
  ['mistral', { layer_types: ['full_attention', 'full_attention'] }, /^layer_types must be null/],
  [
    'llama',
    { rope_parameters: { full_attention: { rope_theta: 5 } } },
    /^rope_parameters must be the same for all blocks/,
  ],
  ['llama', { partial_rotary_factor: 0.5 }, /^partial_rotary_factor must be 1, got 0.5/],
  [
    'llama',
    { rope_parameters: { partial_rotary_factor: 0.5 } },
    /^rope_parameters\.partial_rotary_factor must be 1, got 0.5/,
  ],
  ['llama', { original_max_position_embeddings: 8 }, /^original_max_position_embeddings must be/],
  ['llama', { quantization_config: { bits: 4 } }, /^quantization_config must be null, got/],
  ['llama', { hidden_act: 'gelu' }, /^hidden_act must be "silu", got "gelu"/],
  ['llama', { pretraining_tp: 2 }, /^pretraining_tp must be 1, got 2/],
  ['llama', { num_key_value_heads: 3 }, /^num_key_value_heads must be a divisor of 4 heads, got 3/],
  ['llama', { head_dim: 5 }, /^head_dim must be even, got 5/],
  [
    'llama',
    { num_attention_heads: 5, head_dim: undefined },
    /^head_dim must be an integer .* got 4.8/,
  ],
  ['llama', { hidden_size: undefined }, /^hidden_size must be an integer/],
  ['llama', { rms_norm_eps: 0 }, /^rms_norm_eps must be a positive number, got 0/],
  ['llama', { tie_word_embeddings: 'yes' }, /^tie_word_embeddings must be true or false/],
  ['llama', { attention_bias: 1 }, /^attention_bias must be true or false/],
  ['mistral', { attention_bias: true }, /^attention_bias must be false, got true/],
  ['mistral', { sliding_window: 0 }, /^sliding_window must be an integer from 1/],
  ['qwen2', { layer_types: ['full_attention'] }, /^layer_types must be a list of 2, each full_att/],
  [
    'qwen2',
    { layer_types: ['full_attention', 'linear_attention'] },
    /^layer_types must be a list of 2, each full_attention or sliding_attention, got/,
  ],
  [
    'qwen2',
    { layer_types: undefined, max_window_layers: 'all' },
    /^max_window_layers must be an integer, got "all"/,
  ],
  ['qwen3', { hidden_act: 'relu' }, /^hidden_act must be "silu", got "relu"/],
  ['smollm3', { no_rope_layers: [1, 0] }, /^no_rope_layers must be a list of 3, each 0 or 1/],
  ['smollm3', { use_sliding_window: true }, /^use_sliding_window must be false, got true/],
  [
    'smollm3',
    { layer_types: new Array<string>(3).fill('sliding_attention') },
    /^layer_types must be full_attention for each/,
  ],
  ['gemma3', { attn_logit_softcapping: 50 }, /^attn_logit_softcapping must be null, got 50/],
  ['gemma3', { final_logit_softcapping: 30 }, /^final_logit_softcapping must be null, got 30/],
  ['gemma3', { use_bidirectional_attention: true }, /^use_bidirectional_attention must be false/],
  ['gemma3', { hidden_activation: 'silu' }, /^hidden_activation must be "gelu_pytorch_tanh"/],
  [
    'gemma3',
    { rope_parameters: { rope_theta: 5 } },
    /^rope_parameters must be nested, with keys full_attention and sliding_attention, got/,
  ],
];

describe('is refused by name:', () => {
  for (const [name, changes, fault] of REFUSED) {
    test(`${name} with ${JSON.stringify(changes)}`, () => {
      const faults = faultsOf(name, changes);
      assert.equal(faults.length, 1, faults.join('\n'));
      assert.match(faults[0] ?? '', fault);
    });
  }

  test('everything that is wrong, in one error', () => {
    const changes = { hidden_act: 'gelu', num_key_value_heads: 3, head_dim: 7, vocab_size: 0 };
    const faults = faultsOf('llama', { ...changes, rope_scaling: { type: 'x' } });
    assert.equal(faults.length, 5, faults.join('\n'));
  });

  const folder = mkdtempSync(path.join(tmpdir(), 'llama-config-'));
  after(() => rmSync(folder, { recursive: true }));

  for (const type of ['mixtral', 'qwen3_moe', 'gemma3', 'gemma2', 'llava', 'llama4', 7]) {
    test(`a model_type ${type}, with those that load`, async () => {
      const json = jsonOf('llama', { model_type: type });
      writeFileSync(path.join(folder, 'config.json'), JSON.stringify(json));
      const known = ['gpt2', ...FAMILIES.map(({ modelType }) => modelType)].join(', ');
      await assert.rejects(loadModel(folder), (error: FileError) => {
        const shown = JSON.stringify(type);
        assert.deepEqual(error.faults, [`model_type must be one of ${known}, got ${shown}.`]);
        return true;
      });
    });
  }
});

describe('settings of ropes mean the same in old places and new:', () => {
  /** The keys of files before transformers 5. */
  const old = (theta: number, scaling: Json | null) => ({
    rope_parameters: undefined,
    rope_theta: theta,
    rope_scaling: scaling,
  });

  test('rope_theta alone', () => {
    const want = { type: 'default', theta: 500 };
    for (const changes of [
      old(500, null),
      { rope_parameters: { rope_type: 'default', rope_theta: 500 } },
      { rope_parameters: { rope_type: 'default' }, rope_theta: 500 },
      { rope_parameters: { rope_theta: 500 } },
    ]) {
      assert.deepEqual(configOf('llama', changes).blocks[0]?.rope, want);
    }
    assert.equal(configOf('llama', old(500, null)).blocks.length, 2);
    const missing = { rope_parameters: undefined };
    assert.equal(configOf('llama', missing).blocks[0]?.rope?.theta, 10000);
    assert.equal(configOf('smollm3', missing).blocks[0]?.rope?.theta, 2e6);
  });

  for (const name of ['llama_linear', 'llama_dynamic', 'llama3', 'llama_yarn']) {
    test(`${name}, whose type may be called type or rope_type`, () => {
      const { rope_theta: theta, ...given } = jsonOf(name).rope_parameters as Json & {
        rope_theta: number;
      };
      const { rope_type: type, ...others } = given;
      assert.deepEqual(meaningOf(name, old(theta, given)), meaningOf(name));
      assert.deepEqual(meaningOf(name, old(theta, { type, ...others })), meaningOf(name));
      assert.notDeepEqual(meaningOf(name, old(theta, null)), meaningOf(name));
    });
  }

  test('gemma3, nested or with a key for each kind of block', () => {
    const changes = {
      ...old(2000, { type: 'linear', factor: 8 }),
      rope_local_base_freq: 100,
    };
    assert.deepEqual(meaningOf('gemma3', changes), meaningOf('gemma3'));
    const bare = configOf('gemma3', { rope_parameters: undefined });
    const thetas = bare.blocks.map(({ rope }) => rope?.theta);
    assert.deepEqual(thetas, [1e4, 1e6, 1e4]);
  });
});

describe('keys that a config leaves out mean what transformers takes for them:', () => {
  test('heads, their size, biases, ties', () => {
    const keys = { num_key_value_heads: undefined, head_dim: undefined };
    const { kvHeads, headDim, attentionScale } = configOf('llama_linear', keys);
    assert.deepEqual([kvHeads, headDim, attentionScale], [4, 6, 6 ** -0.5]);
    const { bias } = configOf('llama_biases', { attention_bias: undefined, mlp_bias: undefined });
    assert.deepEqual(bias, { qkv: false, o: false, mlp: false });
    assert.deepEqual(configOf('qwen2').bias, { qkv: true, o: false, mlp: false });
    const tied = (name: string) => configOf(name, { tie_word_embeddings: undefined }).tied;
    assert.deepEqual(['llama', 'qwen2', 'smollm3', 'gemma3'].map(tied), [false, false, true, true]);
    assert.equal(configOf('qwen3', { head_dim: undefined }).headDim, 128);
  });

  test('windows', () => {
    const windows = (name: string, changes: Json) =>
      configOf(name, changes).blocks.map(({ window }) => window);
    assert.deepEqual(windows('mistral', { sliding_window: undefined }), [4096, 4096]);
    assert.deepEqual(windows('mistral', { sliding_window: null }), [null, null]);
    assert.deepEqual(windows('qwen2', { layer_types: undefined }), [null, 3]);
    assert.deepEqual(windows('qwen2', { use_sliding_window: false }), [null, null]);
    const gemma = { layer_types: undefined, num_hidden_layers: 7 };
    assert.deepEqual(windows('gemma3', gemma), [5, 5, 5, 5, 5, null, 5]);
    const often = { ...gemma, sliding_window_pattern: 2 };
    assert.deepEqual(windows('gemma3', often), [5, null, 5, null, 5, null, 5]);
  });

  test('blocks without rotations', () => {
    const flags = (changes: Json) =>
      configOf('smollm3', { layer_types: undefined, ...changes }).blocks.map((one) => !one.rope);
    const many = { num_hidden_layers: 5, no_rope_layers: undefined };
    assert.deepEqual(flags(many), [false, true, false, true, false]);
    const rare = { ...many, no_rope_layer_interval: undefined };
    assert.deepEqual(flags(rare), [false, false, false, true, false]);
    assert.deepEqual(flags({ no_rope_layers: [0, 1, 0] }), [true, false, true]);
  });
});

test('A dynamic rope is for texts longer than the positions of the config', () => {
  assert.equal(configOf('llama_dynamic').maxPositions, 24);
  assert.equal(configOf('llama_linear').maxPositions, 32);
});

test("Gemma's rope_scaling goes before the rope of its full blocks, as in transformers", () => {
  const linear = { rope_type: 'linear', factor: 3 };
  const given = configOf('gemma3', { rope_scaling: linear });
  const full = given.blocks.find(({ window }) => window === null)?.rope;
  assert.deepEqual(full, { theta: 2000, type: 'linear', factor: 3 });
});
