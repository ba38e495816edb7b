/** Sizes of a linear layer. */
interface LayerSizes {
  inFeatures: number;
  outFeatures: number;
}

/** A model that gets random weights: its config.json, and what decides how much it computes. */
export interface Shape {
  name: string;
  /** the keys of config.json */
  config: Readonly<Record<string, unknown>>;
  /** the layers of each block that get an adapter */
  targets: readonly string[];
  vocabSize: number;
  /** the width between blocks */
  width: number;
  /** the width of all query heads together */
  attended: number;
  blocks: number;
  /** the linear layers of a block, by the last part of their names */
  linears: Readonly<Record<string, LayerSizes>>;
  /** those of them that read the block's input: in the lowest block it needs no gradient */
  lowest: readonly string[];
}

/** The keys of a GPT-2's config.json that have no default here. */
interface GPT2Sizes {
  vocab_size: number;
  n_positions: number;
  n_embd: number;
  n_layer: number;
  n_head: number;
}

/** The shape of a GPT-2 with an adapter on each `c_attn`. */
export function gpt2Shape(name: string, sizes: GPT2Sizes): Shape {
  const { vocab_size: vocabSize, n_embd: width, n_layer: blocks } = sizes;
  const linear = (inFeatures: number, outFeatures: number) => ({ inFeatures, outFeatures });
  return {
    name,
    config: { architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', ...sizes },
    targets: ['c_attn'],
    vocabSize,
    width,
    attended: width,
    blocks,
    linears: {
      c_attn: linear(width, 3 * width),
      'attn.c_proj': linear(width, width),
      c_fc: linear(width, 4 * width),
      'mlp.c_proj': linear(4 * width, width),
    },
    lowest: ['c_attn'],
  };
}

/** The keys of a Llama's config.json that have no default here. */
interface LlamaSizes {
  vocab_size: number;
  max_position_embeddings: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  head_dim: number;
  rope_theta: number;
  rms_norm_eps: number;
}

/** The shape of a Llama whose head is its token embedding, with an adapter on each q and v. */
export function llamaShape(name: string, sizes: LlamaSizes): Shape {
  const { vocab_size: vocabSize, hidden_size: width, intermediate_size: inner } = sizes;
  const attended = sizes.num_attention_heads * sizes.head_dim;
  const keys = sizes.num_key_value_heads * sizes.head_dim;
  const linear = (inFeatures: number, outFeatures: number) => ({ inFeatures, outFeatures });
  return {
    name,
    config: {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      ...sizes,
      tie_word_embeddings: true,
    },
    targets: ['q_proj', 'v_proj'],
    vocabSize,
    width,
    attended,
    blocks: sizes.num_hidden_layers,
    linears: {
      q_proj: linear(width, attended),
      k_proj: linear(width, keys),
      v_proj: linear(width, keys),
      o_proj: linear(attended, width),
      gate_proj: linear(width, inner),
      up_proj: linear(width, inner),
      down_proj: linear(inner, width),
    },
    lowest: ['q_proj', 'k_proj', 'v_proj'],
  };
}

export const DISTILGPT2 = gpt2Shape('distilgpt2', {
  vocab_size: 50257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 6,
  n_head: 12,
});

export const SMOLLM2 = llamaShape('SmolLM2-135M', {
  vocab_size: 49152,
  max_position_embeddings: 8192,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  head_dim: 64,
  rope_theta: 100000,
  rms_norm_eps: 1e-5,
});
