import type { ConfigReader } from '../../transformer';
import type { Family } from '../config';
import { readRope } from '../read-rope';
import { readLayerTypes } from './read-windows';

/** SmolLM3 (Bakouch et al. 2025): Llama whose every fourth block is not told the positions. */
export const smollm3: Family = {
  modelType: 'smollm3',
  fixed: { hidden_act: 'silu', use_sliding_window: false },
  read: (keys, { blocks }) => {
    const rope = readRope(keys, 2e6);
    const attention = keys.flag('attention_bias', false);
    const slides = readLayerTypes(keys, blocks.length, () => false);
    keys.expect(!slides.includes(true), 'layer_types', 'full_attention for each');
    return {
      tied: keys.flag('tie_word_embeddings', true),
      bias: { qkv: attention, o: attention, mlp: keys.flag('mlp_bias', false) },
      blocks: readRotated(keys, blocks.length).map((isRotated) => ({
        rope: isRotated ? rope : null,
        window: null,
      })),
    };
  },
};

/** `no_rope_layers` holds, despite its name, 1 for each block with rotations. */
function readRotated(keys: ConfigReader, layers: number): boolean[] {
  const { no_rope_layers: given } = keys.json;
  const interval = keys.size('no_rope_layer_interval', 4);
  if ((given ?? null) === null) {
    return Array.from({ length: layers }, (_, i) => (i + 1) % interval !== 0);
  }
  const flags: unknown[] = Array.isArray(given) ? given : [];
  const isGood = flags.length >= layers && flags.every((flag) => flag === 0 || flag === 1);
  keys.expect(isGood, 'no_rope_layers', `a list of ${layers}, each 0 or 1`);
  return flags.slice(0, layers).map((flag) => flag === 1);
}
