import type { Comparison } from './compare';
import type { LinearWork, Work } from './work';

/** What a fast accelerator and PyTorch are measured at. */
export const FULL: readonly Comparison[] = [
  ...[768, 2304].flatMap((outFeatures) =>
    [128, 512, 4096].flatMap((tokens) =>
      [false, true].map((backward) => linears({ outFeatures, tokens, backward }, [8, 64, 0], 7)),
    ),
  ),
  { works: [{ kind: 'step', batch: 4, time: 128, labelled: 1 }], rounds: 5, withReference: true },
  { works: [{ kind: 'step', batch: 1, time: 512, labelled: 1 }], rounds: 5 },
  { works: [{ kind: 'step', batch: 4, time: 128, labelled: 0.25 }], rounds: 5 },
  { works: [{ kind: 'forward', batch: 4, time: 128 }], rounds: 7 },
  { works: [{ kind: 'mixed', batch: 12, time: 32 }], rounds: 7 },
  { works: [true, false].map(generation), rounds: 5 },
];

/**
 * What one thread of WebAssembly is measured at: a step takes many seconds, and at 4 x 128 tokens
 * plain tfjs runs out of the 4 GB that WebAssembly can address.
 */
export const SHORT: readonly Comparison[] = [
  linears({ outFeatures: 768, tokens: 128, backward: true }, [8, 0], 5),
  linears({ outFeatures: 2304, tokens: 512, backward: true }, [8, 0], 3),
  { works: [{ kind: 'step', batch: 1, time: 128, labelled: 1 }], rounds: 3 },
];

/** The step of which the memory is measured, on a fresh process each. */
export const MEMORY = {
  work: { kind: 'step', batch: 4, time: 128, labelled: 1 } satisfies Work,
  steps: 5,
};

/** Beyond any cache, and long enough for all cores. */
export const MACHINE = {
  product: { kind: 'product', size: 2048 },
  add: { kind: 'add', size: 2 ** 24 },
} satisfies Record<string, Work>;

function linears(
  size: Omit<LinearWork, 'kind' | 'inFeatures' | 'r'>,
  ranks: number[],
  rounds: number,
): Comparison {
  return { works: ranks.map((r) => ({ kind: 'linear', inFeatures: 768, ...size, r })), rounds };
}

function generation(adapter: boolean): Work {
  return { kind: 'generate', prompt: 32, newTokens: 64, adapter };
}
