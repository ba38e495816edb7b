import type { Family } from '../config';
import { readRope } from '../read-rope';
import { readWindows } from './read-windows';

/** Qwen 2 and 2.5 (Yang et al. 2024): q, k and v have a bias, though no key says so. */
export const qwen2: Family = {
  modelType: 'qwen2',
  fixed: { hidden_act: 'silu' },
  read: (keys, { blocks }) => {
    const rope = readRope(keys);
    return {
      bias: { qkv: true, o: false, mlp: false },
      blocks: readWindows(keys, blocks.length).map((window) => ({ rope, window })),
    };
  },
};
