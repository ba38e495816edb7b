import { quote } from '../../tensor/errors';
import type { GgufKeys } from './gguf-keys';
import { llama3Parameters } from './llama3-parameters';

/** Makes the JSON of Hugging Face's config.json from a file's keys. */
export type ConfigOf = (keys: GgufKeys, frequencyDivisors: Float32Array | null) => Config;

type Config = Record<string, unknown>;

/** Makes the config of a decoder like Llama's. */
export function llamaConfig(modelType: string): ConfigOf {
  return (keys, divisors) => {
    const isBiased = (part: string) => keys.hasTensor(`blk.0.${part}.bias`);
    return {
      model_type: modelType,
      ...common(keys),
      attention_bias: isBiased('attn_output'),
      mlp_bias: isBiased('ffn_down'),
      rope_parameters: ropeParameters(keys, divisors),
    };
  };
}

/** llama.cpp knows two things by heart: every sixth block sees all, and 27B's attention scale. */
export const gemma3Config: ConfigOf = (keys, divisors) => {
  const config = common(keys);
  const is27B = config.num_hidden_layers === 62;
  keys.fixed('final_logit_softcapping', 0);
  return {
    model_type: 'gemma3_text',
    ...config,
    sliding_window: keys.get('attention.sliding_window') ?? 0,
    sliding_window_pattern: 6,
    query_pre_attn_scalar: is27B
      ? Number(config.hidden_size) / Number(config.num_attention_heads)
      : config.head_dim,
    rope_parameters: {
      full_attention: ropeParameters(keys, divisors),
      sliding_attention: {
        rope_type: 'default',
        rope_theta: keys.get('rope.freq_base_swa') ?? 10000,
      },
    },
  };
};

export const gpt2Config: ConfigOf = (keys) => ({
  model_type: 'gpt2',
  ...tokens(keys),
  vocab_size: keys.rowsOf('token_embd.weight'),
  n_positions: keys.get('context_length'),
  n_embd: keys.get('embedding_length'),
  n_layer: keys.get('block_count'),
  n_head: keys.get('attention.head_count'),
  n_inner: keys.get('feed_forward_length'),
  layer_norm_epsilon: keys.get('attention.layer_norm_epsilon'),
});

function common(keys: GgufKeys): Config {
  const [width, heads] = [keys.get('embedding_length'), keys.get('attention.head_count')];
  const headDim = keys.get('attention.key_length') ?? Number(width) / Number(heads);
  keys.fixed('attention.value_length', headDim);
  keys.fixed('rope.dimension_count', headDim);
  return {
    ...tokens(keys),
    vocab_size: keys.rowsOf('token_embd.weight'),
    hidden_size: width,
    intermediate_size: keys.get('feed_forward_length'),
    num_hidden_layers: keys.get('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: keys.get('attention.head_count_kv') ?? heads,
    head_dim: headDim,
    max_position_embeddings: keys.get('context_length'),
    rms_norm_eps: keys.get('attention.layer_norm_rms_epsilon'),
    tie_word_embeddings: !keys.hasTensor('output.weight'),
  };
}

/** The ids of the tokens that begin, end and pad a text; those that the file does not have are null. */
function tokens(keys: GgufKeys): Config {
  const ends = new Set(['eos_token_id', 'eot_token_id'].map((key) => keys.tokenizer(key)));
  ends.delete(undefined);
  const [end = null, ...others] = ends;
  return {
    bos_token_id: keys.tokenizer('bos_token_id') ?? null,
    eos_token_id: others.length > 0 ? [...ends] : end,
    pad_token_id: keys.tokenizer('padding_token_id') ?? null,
  };
}

function ropeParameters(keys: GgufKeys, divisors: Float32Array | null): Config {
  const common = { rope_theta: keys.get('rope.freq_base') ?? 10000 };
  const factor = keys.get('rope.scaling.factor');
  const type = keys.get('rope.scaling.type') ?? 'none';
  // The length of the original texts says nothing to a linear rope.
  const original = keys.get('rope.scaling.original_context_length');
  if (divisors) return { ...common, ...llama3Parameters(keys, common.rope_theta, divisors) };
  switch (type) {
    case 'none':
      return { ...common, rope_type: 'default' };
    case 'linear':
      return { ...common, rope_type: 'linear', factor };
    case 'yarn':
      return {
        ...common,
        rope_type: 'yarn',
        factor,
        original_max_position_embeddings: original,
        beta_fast: keys.get('rope.scaling.yarn_beta_fast'),
        beta_slow: keys.get('rope.scaling.yarn_beta_slow'),
      };
    default:
      keys.fault(`rope.scaling.type must be none, linear or yarn, got ${quote(type)}.`);
      return common;
  }
}
