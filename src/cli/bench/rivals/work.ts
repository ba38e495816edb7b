import { IGNORED } from '../../../train/loop';

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
/** The rank of the model's adapters. */
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
