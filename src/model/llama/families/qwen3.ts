import type { Family } from '../config';
import { readRope } from '../read-rope';
import { readWindows } from './read-windows';

/** Qwen 3 (Yang et al. 2025): norms on each head of q and k, heads of 128 whatever the width. */
export const qwen3: Family = {
  modelType: 'qwen3',
  fixed: { hidden_act: 'silu' },
  read: (keys, { blocks }) => {
    const rope = readRope(keys);
    const headDim = keys.size('head_dim', 128);
    const attention = keys.flag('attention_bias', false);
    return {
      headDim,
      attentionScale: headDim ** -0.5,
      bias: { qkv: attention, o: attention, mlp: false },
      qkNorm: true,
      blocks: readWindows(keys, blocks.length).map((window) => ({ rope, window })),
    };
  },
};
