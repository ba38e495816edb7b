import type * as tf from '@tensorflow/tfjs';
import { attentionMask } from '../transformer';
import type { BlockKind, LlamaConfig } from './config';
import type { Rope } from './rope';
import { type Rotations, rotations } from './rotations';

/** What a block is told of the positions of x and those before. */
export interface Place {
  /** null if positions are not told */
  rotations: Rotations | null;
  /** null if all positions are seen */
  mask: tf.Tensor | null;
}

/** Positions `start` to `end` of texts, of which the first `padding` [batch] are padding. */
export interface Span {
  start: number;
  end: number;
  padding: tf.Tensor1D | null;
}

/** Makes the place of each block. Blocks with one rope or one window share tensors, the caller's. */
export function placesOf({ headDim, blocks }: LlamaConfig, { start, end, padding }: Span): Place[] {
  const turned = new Map<Rope, Rotations>();
  const masks = new Map<number | null, tf.Tensor | null>();
  for (const { rope, window } of blocks) {
    if (rope && !turned.has(rope)) {
      turned.set(rope, rotations(rope, headDim, { start, end, padding }));
    }
    if (!masks.has(window)) {
      masks.set(window, attentionMask(end - start, end, { padding, window }));
    }
  }
  return blocks.map(({ rope, window }) => ({
    rotations: (rope && turned.get(rope)) ?? null,
    mask: masks.get(window) ?? null,
  }));
}

/** The place of a block of this kind at the start of a text; tensors are the caller's. */
export function placeAtStart(config: LlamaConfig, kind: BlockKind, x: tf.Tensor): Place {
  const span = { start: 0, end: x.shape[1] as number, padding: null };
  return placesOf({ ...config, blocks: [kind] }, span)[0] as Place;
}
