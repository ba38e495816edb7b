import { IGNORED } from '../../../train/loop';
import { DISTILGPT2 } from './distilgpt2';

/** A work that rivals are timed at, as data that all of them receive. */
export type Work =
  | LinearWork
  /** loss, gradients, clipping and AdamW; the last `labelled` (0 to 1) of the positions has labels */
  | ({ kind: 'step'; labelled: number } & Size)
  /** the logits of all positions */
  | ({ kind: 'forward' } & Size)
  /** the logits of a batch whose rows belong to ADAPTERS in equal parts */
  | ({ kind: 'mixed' } & Size)
  /** greedy generation with a cache of keys and values */
  | { kind: 'generate'; prompt: number; newTokens: number; adapter: boolean }
  /** measures the machine: a matrix product [size, size], or a sum of `size` numbers */
  | { kind: 'product' | 'add'; size: number };

/** A linear layer: x [tokens, in] -> [tokens, out], and with `backward` the gradients dx, dA, dB. */
export interface LinearWork {
  kind: 'linear';
  inFeatures: number;
  outFeatures: number;
  tokens: number;
  /** rank of the adapter; 0 is the layer alone */
  r: number;
  backward: boolean;
}

export interface Size {
  batch: number;
  time: number;
}

/** The scaling s of every adapter. */
export const ALPHA_OVER_R = 2;
/** The rank of the model's adapters, which are on c_attn. */
export const RANK = 8;

/** Adapter names as PEFT saves them: the first in `adapter/`, every other in a subfolder of it. */
export const ADAPTERS = ['default', 'second', 'third'] as const;

/** The folder of an adapter of ADAPTERS, relative to the model's. */
export function adapterFolder(name: string): string {
  return name === ADAPTERS[0] ? 'adapter' : `adapter/${name}`;
}

/** Names the adapter of each row of a mixed batch. */
export function adaptersOfRows({ batch }: Size): string[] {
  return ADAPTERS.flatMap((name) => new Array<string>(batch / ADAPTERS.length).fill(name));
}

/** Token ids are below this, and so in any vocabulary. */
const IDS = 1000;

/** Makes arbitrary tokens, and labels: the next token, or IGNORED. */
export function textOf({ batch, time, labelled }: Size & { labelled: number }): {
  ids: number[][];
  labels: number[][];
} {
  const token = (row: number, i: number) => (7919 * (row * time + i) + 13) % IDS;
  const rows = Array.from({ length: batch }, (_, row) => row);
  const positions = Array.from({ length: time }, (_, i) => i);
  const first = Math.round((1 - labelled) * time);
  return {
    ids: rows.map((row) => positions.map((i) => token(row, i))),
    labels: rows.map((row) => positions.map((i) => (i < first ? IGNORED : token(row, i + 1)))),
  };
}

/** The machine's best rates, as measured. */
export interface Rates {
  operationsPerSecond: number;
  bytesPerSecond: number;
}

/** The least time of any float32 implementation of a work at these rates. */
export function floorMilliseconds(
  work: Work,
  { operationsPerSecond, bytesPerSecond }: Rates,
): number {
  return 1000 * Math.max(operations(work) / operationsPerSecond, bytes(work) / bytesPerSecond);
}

/** Counts the operations of matrix products, 2 n k d each; other arithmetic is left out. */
export function operations(work: Work): number {
  switch (work.kind) {
    case 'linear': {
      const { tokens: n, inFeatures: k, outFeatures: d, r } = work;
      const [base, adapter] = [2 * n * k * d, 2 * n * r * (k + d)];
      // Backward: dx takes both again, dA and dB the adapter's once more.
      return base + adapter + (work.backward ? base + 2 * adapter : 0);
    }
    case 'step': {
      const n = work.batch * work.time;
      const forward = blocks(n, work.time) + head(work.labelled * n);
      // Gradients of activations only, and none below the lowest adapter.
      const unneeded = 2 * n * C * 3 * C;
      return forward + forward + attention(n, work.time) + 2 * adapters(n) - unneeded;
    }
    case 'forward':
    case 'mixed': {
      const n = work.batch * work.time;
      return blocks(n, work.time) + head(n);
    }
    case 'generate': {
      const n = work.prompt + work.newTokens - 1;
      return blocks(n, n) + head(work.newTokens);
    }
    case 'product':
      return 2 * work.size ** 3;
    case 'add':
      return work.size;
  }
}

/** Counts the float32 bytes that must be read or written at least once. */
export function bytes(work: Work): number {
  switch (work.kind) {
    case 'linear': {
      const { tokens: n, inFeatures: k, outFeatures: d, r } = work;
      const once = 4 * (n * k + n * d + k * d + r * (k + d));
      return work.backward ? 2 * once : once;
    }
    case 'step':
      return 2 * weightBytes;
    case 'forward':
    case 'mixed':
      return weightBytes + 4 * work.batch * work.time * DISTILGPT2.vocab_size;
    case 'generate':
      return work.newTokens * weightBytes;
    case 'product':
      return 3 * 4 * work.size ** 2;
    case 'add':
      return 3 * 4 * work.size;
  }
}

const { n_embd: C, n_layer: LAYERS, vocab_size: V } = DISTILGPT2;
const weightBytes = 4 * (LAYERS * 12 * C * C + V * C);

/** Operations of all layers for n tokens. */
function blocks(n: number, time: number): number {
  return LAYERS * 2 * n * 12 * C * C + attention(n, time) + adapters(n);
}

/** Operations of Q Kᵀ and of the weighted sum of V; a position sees half of the others on average. */
function attention(n: number, time: number): number {
  return LAYERS * 2 * 2 * n * (time / 2) * C;
}

function adapters(n: number): number {
  return LAYERS * 2 * n * RANK * (C + 3 * C);
}

function head(n: number): number {
  return 2 * n * C * V;
}
