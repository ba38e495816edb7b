import type { Shape } from './shapes';
import { RANK, type Work } from './work';

/** The machine's best rates, as measured. */
export interface Rates {
  operationsPerSecond: number;
  bytesPerSecond: number;
}

/** The least time of any float32 implementation of a work at these rates. */
export function floorMilliseconds(
  work: Work,
  shape: Shape,
  { operationsPerSecond, bytesPerSecond }: Rates,
): number {
  const computing = operations(work, shape) / operationsPerSecond;
  return 1000 * Math.max(computing, bytes(work, shape) / bytesPerSecond);
}

/** Counts the operations of matrix products, 2 n k d each; other arithmetic is left out. */
export function operations(work: Work, shape: Shape): number {
  switch (work.kind) {
    case 'linear': {
      const { tokens: n, inFeatures: k, outFeatures: d, r } = work;
      const [base, adapter] = [2 * n * k * d, 2 * n * r * (k + d)];
      // Backward: dx takes both again, dA and dB the adapter's once more.
      return base + adapter + (work.backward ? base + 2 * adapter : 0);
    }
    case 'step': {
      const n = work.batch * work.time;
      const forward = ofBlocks(shape, n, work.time) + ofHead(shape, work.labelled * n);
      // Backward: gradients of activations, none below the lowest adapter, and dA and dB.
      const unneeded = 2 * n * weightsOf(shape, shape.lowest);
      const backward = forward + ofAttention(shape, n, work.time) + ofAdapters(shape, n) - unneeded;
      return forward + backward;
    }
    case 'forward':
    case 'mixed': {
      const n = work.batch * work.time;
      return ofBlocks(shape, n, work.time) + ofHead(shape, n);
    }
    case 'generate': {
      const n = work.prompt + work.newTokens - 1;
      return ofBlocks(shape, n, n) + ofHead(shape, work.newTokens);
    }
    case 'product':
      return 2 * work.size ** 3;
    case 'add':
      return work.size;
  }
}

/** Counts the float32 bytes that must be read or written at least once. */
export function bytes(work: Work, shape: Shape): number {
  switch (work.kind) {
    case 'linear': {
      const { tokens: n, inFeatures: k, outFeatures: d, r } = work;
      const once = 4 * (n * k + n * d + k * d + r * (k + d));
      return work.backward ? 2 * once : once;
    }
    case 'step':
      return 2 * weightBytes(shape);
    case 'forward':
    case 'mixed':
      return weightBytes(shape) + 4 * work.batch * work.time * shape.vocabSize;
    case 'generate':
      return work.newTokens * weightBytes(shape);
    case 'product':
      return 3 * 4 * work.size ** 2;
    case 'add':
      return 3 * 4 * work.size;
  }
}

/** Counts the weights of the linear layers of one block: all, or these. */
function weightsOf({ linears }: Shape, names: readonly string[] = Object.keys(linears)): number {
  return names.reduce((sum, name) => {
    const { inFeatures = NaN, outFeatures = NaN } = linears[name] ?? {};
    return sum + inFeatures * outFeatures;
  }, 0);
}

function weightBytes(shape: Shape): number {
  return 4 * (shape.blocks * weightsOf(shape) + shape.width * shape.vocabSize);
}

/** Operations of all blocks for n tokens. */
function ofBlocks(shape: Shape, n: number, time: number): number {
  const layers = shape.blocks * 2 * n * weightsOf(shape);
  return layers + ofAttention(shape, n, time) + ofAdapters(shape, n);
}

/** Operations of Q Kᵀ and of the weighted sum of V; a position sees half of the others on average. */
function ofAttention({ blocks, attended }: Shape, n: number, time: number): number {
  return blocks * 2 * 2 * n * (time / 2) * attended;
}

function ofAdapters({ blocks, linears, targets }: Shape, n: number): number {
  return targets.reduce((sum, name) => {
    const { inFeatures = NaN, outFeatures = NaN } = linears[name] ?? {};
    return sum + blocks * 2 * n * RANK * (inFeatures + outFeatures);
  }, 0);
}

function ofHead({ width, vocabSize }: Shape, n: number): number {
  return 2 * n * width * vocabSize;
}
