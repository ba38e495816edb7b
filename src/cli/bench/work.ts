import { IGNORED } from '../../train/loop';
import { DISTILGPT2 } from './distilgpt2';

/** What a rival does and is timed at, on plain data that all of them get alike. */
export type Work =
  | LinearWork
  /** loss, gradients, clipping and AdamW; the last share of the positions has labels */
  | ({ kind: 'step'; labelled: number } & Size)
  /** the logits of all positions */
  | ({ kind: 'forward' } & Size)
  /** the same of rows that belong to ADAPTERS, as many to each */
  | ({ kind: 'mixed' } & Size)
  /** greedy, keys and values kept */
  | { kind: 'generate'; prompt: number; newTokens: number; adapter: boolean }
  /** the machine itself: one matrix product [size, size], one sum of so many numbers */
  | { kind: 'product' | 'add'; size: number };

/** One layer: x [tokens, in] -> [tokens, out], and back to dx, dA, dB. */
export interface LinearWork {
  kind: 'linear';
  inFeatures: number;
  outFeatures: number;
  tokens: number;
  /** of the update; 0 is the layer alone */
  r: number;
  backward: boolean;
}

export interface Size {
  batch: number;
  time: number;
}

/** Of every adapter and update: s = ALPHA_OVER_R. */
export const ALPHA_OVER_R = 2;
/** Of the model's adapter, beside c_attn. */
export const RANK = 8;

/** By PEFT's name; all but the first lie in folders of theirs, in that of the first. */
export const ADAPTERS = ['default', 'second', 'third'] as const;

/** Where PEFT puts each of ADAPTERS, from the model's folder. */
export function adapterFolder(name: string): string {
  return name === ADAPTERS[0] ? 'adapter' : `adapter/${name}`;
}

/** The adapter of each row of a mixed batch. */
export function adaptersOfRows({ batch }: Size): string[] {
  return ADAPTERS.flatMap((name) => new Array<string>(batch / ADAPTERS.length).fill(name));
}

/** Ids below any vocabulary. */
const IDS = 1000;

/** Tokens without meaning, and the next token at each position, -1 where it has no label. */
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

/** How fast the machine is at best, as measured. */
export interface Rates {
  operationsPerSecond: number;
  bytesPerSecond: number;
}

/** No implementation of this arithmetic in float32 is faster, at these rates. */
export function floorMilliseconds(
  work: Work,
  { operationsPerSecond, bytesPerSecond }: Rates,
): number {
  return 1000 * Math.max(operations(work) / operationsPerSecond, bytes(work) / bytesPerSecond);
}

/** Products and sums: 2 n k d for each matrix product that the result needs; no other arithmetic. */
export function operations(work: Work): number {
  switch (work.kind) {
    case 'linear': {
      const { tokens: n, inFeatures: k, outFeatures: d, r } = work;
      const [base, update] = [2 * n * k * d, 2 * n * r * (k + d)];
      return base + update + (work.backward ? base + 2 * update : 0); // x: both again; A, B
    }
    case 'step': {
      const n = work.batch * work.time;
      const forward = blocks(n, work.time) + head(work.labelled * n);
      // The gradients of activations alone, and none below the lowest adapter.
      const unneeded = 2 * n * C * 3 * C;
      return forward + forward + attention(n, work.time) + 2 * updates(n) - unneeded;
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

/** Read or written at least once, in float32. */
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

/** All layers of n tokens. */
function blocks(n: number, time: number): number {
  return LAYERS * 2 * n * 12 * C * C + attention(n, time) + updates(n);
}

/** Q Kᵀ and what it weighs, of positions that see half of the others on average. */
function attention(n: number, time: number): number {
  return LAYERS * 2 * 2 * n * (time / 2) * C;
}

function updates(n: number): number {
  return LAYERS * 2 * n * RANK * (C + 3 * C);
}

function head(n: number): number {
  return 2 * n * C * V;
}
