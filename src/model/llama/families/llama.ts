import type { Family } from '../config';
import { readRope } from '../read-rope';

/** Llama 1 to 3.2 (Touvron et al. 2023, Grattafiori et al. 2024), SmolLM2, TinyLlama. */
export const llama: Family = {
  modelType: 'llama',
  fixed: { hidden_act: 'silu', pretraining_tp: 1 },
  read: (keys, { blocks }) => {
    const rope = readRope(keys);
    const attention = keys.flag('attention_bias', false);
    return {
      bias: { qkv: attention, o: attention, mlp: keys.flag('mlp_bias', false) },
      blocks: blocks.map((kind) => ({ ...kind, rope })),
    };
  },
};
