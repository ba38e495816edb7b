import { ConfigReader, type LanguageModelConfig } from '../transformer';
import type { Rope } from './rope';

/** What differs from block to block. */
export interface BlockKind {
  /** null if positions are not told */
  rope: Rope | null;
  /** how many positions each one sees, itself included; null for all before it */
  window: number | null;
}

/** The sizes and switches of a decoder like Llama's. */
export interface LlamaConfig extends LanguageModelConfig {
  /** the width */
  hiddenSize: number;
  /** the width inside the MLP */
  intermediateSize: number;
  heads: number;
  /** heads of keys and values; each serves heads / kvHeads heads */
  kvHeads: number;
  headDim: number;
  /** ε of the norms */
  epsilon: number;
  /** true if the head is the token embedding */
  tied: boolean;
  activation: 'silu' | 'gelu';
  /** which linear layers have a bias */
  bias: { qkv: boolean; o: boolean; mlp: boolean };
  /** true if each head of q and k is normed */
  qkNorm: boolean;
  /** true if the outputs of attention and MLP are normed too */
  sandwich: boolean;
  /** added to the norms' weights */
  normOffset: number;
  /** multiplies the token embedding */
  embedScale: number;
  /** multiplies the attention scores */
  attentionScale: number;
  blocks: readonly BlockKind[];
  /** the config.json that all this was read from */
  json: Readonly<Record<string, unknown>>;
}

/** A model family: what its config.json means. The differences from Llama are all it says. */
export interface Family {
  /** its `model_type` */
  modelType: string;
  /** values of other keys that are built; a missing key means them */
  fixed: Readonly<Record<string, unknown>>;
  /** what its keys mean beyond `readCommon` */
  read: (keys: ConfigReader, common: LlamaConfig) => Partial<LlamaConfig>;
}

/** Values of keys that would compute something else in any family. A missing key means them. */
const UNBUILT = {
  quantization_config: null,
  partial_rotary_factor: 1,
  is_causal: true,
  original_max_position_embeddings: null, // of texts so far; where it counts, it stands in the rope
};

/**
 * Checks the JSON of a family's config.json.
 * @throws FileError listing every fault
 */
export function checkConfig(
  caller: string,
  file: string,
  json: Readonly<Record<string, unknown>>,
  { modelType, fixed, read }: Family,
): LlamaConfig {
  const keys = new ConfigReader(json);
  keys.fixed({ model_type: modelType, ...UNBUILT, ...fixed });
  const common = readCommon(keys);
  const config = { ...common, ...read(keys, common) };
  const { heads, kvHeads, headDim, blocks, maxPositions } = config;
  keys.expect(!(heads % kvHeads > 0), 'num_key_value_heads', `a divisor of ${heads} heads`);
  keys.expect(headDim % 2 !== 1, 'head_dim', 'even', headDim);
  keys.assertGood(caller, file);
  // This rope is for texts that are longer than the config's positions.
  const rope = blocks[0]?.rope;
  if (rope?.type !== 'dynamic') return config;
  return { ...config, maxPositions: Math.floor(rope.factor * maxPositions) };
}

/** Reads the keys that all families have, with Llama's meaning. */
function readCommon(keys: ConfigReader): LlamaConfig {
  const [hiddenSize, heads] = [keys.size('hidden_size'), keys.size('num_attention_heads')];
  const headDim = keys.size('head_dim', hiddenSize / heads);
  const kind = { rope: null, window: null };
  return {
    vocabSize: keys.size('vocab_size'),
    maxPositions: keys.size('max_position_embeddings'),
    eosTokenIds: keys.eosTokenIds(),
    hiddenSize,
    intermediateSize: keys.size('intermediate_size'),
    heads,
    kvHeads: keys.size('num_key_value_heads', heads),
    headDim,
    epsilon: keys.positive('rms_norm_eps', 1e-6),
    tied: keys.flag('tie_word_embeddings', false),
    activation: 'silu',
    bias: { qkv: false, o: false, mlp: false },
    qkNorm: false,
    sandwich: false,
    normOffset: 0,
    embedScale: 1,
    attentionScale: headDim ** -0.5,
    blocks: new Array<BlockKind>(keys.layers('num_hidden_layers')).fill(kind),
    json: keys.json,
  };
}
