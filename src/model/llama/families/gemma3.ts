import type { ConfigReader } from '../../transformer';
import type { Family } from '../config';
import { KINDS, ropeOf } from '../read-rope';
import type { Rope } from '../rope';
import { readLayerTypes } from './read-windows';

/**
 * Gemma 3's text models (Gemma Team 2025): a window and a θ of its own in five of six blocks, norms
 * around both parts of a block, GELU, and files that hold γ - 1.
 */
export const gemma3: Family = {
  modelType: 'gemma3_text',
  fixed: {
    hidden_activation: 'gelu_pytorch_tanh',
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
    use_bidirectional_attention: false,
  },
  read: (keys, { blocks, hiddenSize }) => {
    const attention = keys.flag('attention_bias', false);
    const ropes = readRopes(keys);
    const window = keys.size('sliding_window', 4096);
    const pattern = keys.size('sliding_window_pattern', 6);
    const slides = readLayerTypes(keys, blocks.length, (i) => (i + 1) % pattern !== 0);
    return {
      kvHeads: keys.size('num_key_value_heads', 4),
      headDim: keys.size('head_dim', 256),
      tied: keys.flag('tie_word_embeddings', true),
      activation: 'gelu',
      bias: { qkv: attention, o: attention, mlp: false },
      qkNorm: true,
      sandwich: true,
      normOffset: 1,
      embedScale: Math.sqrt(hiddenSize),
      attentionScale: keys.positive('query_pre_attn_scalar', 256) ** -0.5,
      blocks: slides.map((isSliding) =>
        isSliding ? { rope: ropes.sliding, window } : { rope: ropes.full, window: null },
      ),
    };
  },
};

/** Nested by kind of block, or in the keys of files before transformers 5. */
function readRopes(keys: ConfigReader): Record<'full' | 'sliding', Rope> {
  const maxPositions = keys.size('max_position_embeddings');
  const nested = keys.below('rope_parameters');
  const isNested = Object.keys(nested.json).every((key) => KINDS.includes(key));
  keys.expect(isNested, 'rope_parameters', `nested, with keys ${KINDS.join(' and ')}`);
  // The key of old files goes first, as in transformers.
  const scaling = { ...nested.below('full_attention').json, ...keys.below('rope_scaling').json };
  const full = nested.below('full_attention', scaling);
  return {
    full: ropeOf(full, keys.positive('rope_theta', 1e6), maxPositions),
    sliding: ropeOf(
      nested.below('sliding_attention'),
      keys.positive('rope_local_base_freq', 1e4),
      maxPositions,
    ),
  };
}
