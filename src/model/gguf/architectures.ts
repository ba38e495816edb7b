import { type ConfigOf, gemma3Config, gpt2Config, llamaConfig } from './config-json';

/** How a family of models is kept in GGUF files. */
export interface Architecture {
  config: ConfigOf;
  /** Hugging Face's name of what contains the blocks */
  blocks: string;
  /** Hugging Face's names of modules, by the names in the file */
  names: Readonly<Record<string, string>>;
  /** the order of a head's rows in q and k: pairs (i, i + size/2) in halves, or next to each other */
  pairs: 'halves' | 'neighbours';
  /** what the file adds to the weights of norms */
  normOffset: number;
  /** linear layers that Hugging Face has (in, out); the file has all of them (out, in) */
  transposed: RegExp | null;
}

const LLAMA: Omit<Architecture, 'config'> = {
  blocks: 'model.layers',
  names: {
    token_embd: 'model.embed_tokens',
    output_norm: 'model.norm',
    output: 'lm_head',
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  pairs: 'halves',
  normOffset: 0,
  transposed: null,
};

const GEMMA3: Architecture = {
  ...LLAMA,
  config: gemma3Config,
  names: {
    ...LLAMA.names,
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
  normOffset: 1,
};

const GPT2: Architecture = {
  config: gpt2Config,
  blocks: 'transformer.h',
  names: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
  pairs: 'halves',
  normOffset: 0,
  transposed: /\.c_(attn|proj|fc)\.weight$/,
};

/** By `general.architecture`. Mistral's files say `llama`. */
export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ['gpt2', GPT2],
  ['llama', { ...LLAMA, config: llamaConfig('llama'), pairs: 'neighbours' }],
  ['qwen2', { ...LLAMA, config: llamaConfig('qwen2') }],
  ['qwen3', { ...LLAMA, config: llamaConfig('qwen3') }],
  ['smollm3', { ...LLAMA, config: llamaConfig('smollm3'), pairs: 'neighbours' }],
  ['gemma3', GEMMA3],
]);
