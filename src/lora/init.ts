import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../runtime';

/** Draws the starting A [r, k]; the result is taken over by the layer. */
export type Init = (shape: [r: number, k: number], random: Random) => tf.Tensor2D;

/** A ~ U(-1/√k, 1/√k): Kaiming uniform with a = √5, the default of loralib and PEFT. */
export const kaimingUniform: Init = ([r, k], random) =>
  random.uniform<tf.Rank.R2>([r, k], -1 / Math.sqrt(k), 1 / Math.sqrt(k));

/** A ~ N(0, σ²), as the paper has it, with PEFT's σ = 1/r. */
export const gaussian: Init = ([r, k], random) => random.normal<tf.Rank.R2>([r, k], 0, 1 / r);
