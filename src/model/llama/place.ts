import type * as tf from '@tensorflow/tfjs';
import { firstSeen, type Starts } from '../transformer';
import type { BlockKind, LlamaConfig } from './config';
import type { Rope } from './rope';
import { type Rotations, rotations } from './rotations';

/** What a block is told of the positions of x and those before. */
export interface Place {
  /** null if positions are not told */
  rotations: Rotations | null;
  /** the first position that each one sees */
  first: tf.Tensor2D;
}

/** Positions `start` to `end` of rows, and where the texts in them start; null if at 0. */
export interface Span {
  start: number;
  end: number;
  starts: Starts | null;
}

/** Makes the place of each block. Blocks with one rope or one window share tensors, the caller's. */
export function placesOf({ headDim, blocks }: LlamaConfig, { start, end, starts }: Span): Place[] {
  const turned = new Map<Rope, Rotations>();
  const firsts = new Map<number | null, tf.Tensor2D>();
  for (const { rope, window } of blocks) {
    if (rope && !turned.has(rope)) {
      turned.set(rope, rotations(rope, headDim, { start, end, starts }));
    }
    if (!firsts.has(window)) {
      firsts.set(window, firstSeen(end - start, end, { starts, window }));
    }
  }
  return blocks.map(({ rope, window }) => ({
    rotations: (rope && turned.get(rope)) ?? null,
    first: firsts.get(window) as tf.Tensor2D,
  }));
}

/** The place of a block of this kind at the start of a text; tensors are the caller's. */
export function placeAtStart(config: LlamaConfig, kind: BlockKind, x: tf.Tensor): Place {
  const span = { start: 0, end: x.shape[1] as number, starts: null };
  return placesOf({ ...config, blocks: [kind] }, span)[0] as Place;
}
