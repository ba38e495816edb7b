import type { Family } from '../config';
import { readRope } from '../read-rope';

/** Mistral (Jiang et al. 2023): Llama with 8 heads of keys and a window in all blocks, if any. */
export const mistral: Family = {
  modelType: 'mistral',
  fixed: { hidden_act: 'silu', attention_bias: false, mlp_bias: false, layer_types: null },
  read: (keys, { blocks }) => {
    const rope = readRope(keys);
    // null turns it off; a missing key means the window of the first version.
    const isOff = keys.json.sliding_window === null;
    const window = isOff ? null : keys.size('sliding_window', 4096);
    return {
      kvHeads: keys.size('num_key_value_heads', 8),
      blocks: blocks.map(() => ({ rope, window })),
    };
  },
};
