import type { Comparison } from './compare';
import type { LinearWork, Work } from './rivals/work';

/** Comparisons on a fast accelerator and in PyTorch. */
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
 * Comparisons on one thread of WebAssembly: a step takes many seconds, and at 4 x 128 tokens tfjs
 * ops need more than the 4 GB that WebAssembly can address.
 */
export const SHORT: readonly Comparison[] = [
  linears({ outFeatures: 768, tokens: 128, backward: true }, [8, 0], 5),
  linears({ outFeatures: 2304, tokens: 512, backward: true }, [8, 0], 3),
  { works: [{ kind: 'step', batch: 1, time: 128, labelled: 1 }], rounds: 3 },
];

/** Comparisons of a decoder like Llama's with PyTorch alone. */
export const DECODER: readonly Comparison[] = [
  { works: [{ kind: 'step', batch: 4, time: 128, labelled: 1 }], rounds: 7 },
  { works: [{ kind: 'forward', batch: 4, time: 128 }], rounds: 7 },
  { works: [generation(true)], rounds: 7 },
];

/** The training step whose memory is measured, each rival in a new process. */
export const MEMORY = {
  work: { kind: 'step', batch: 4, time: 128, labelled: 1 } satisfies Work,
  steps: 5,
};

/** Sizes that measure the machine: larger than any cache, long enough for all cores. */
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
