import * as tf from '@tensorflow/tfjs';
import { read } from '../src/runtime';

/** Another one at each run, so that no kernel fits some numbers only; to stand in a test's name. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/**
 * Fills buffers of these shapes with what no kernel gives, and frees them: the next outputs of
 * those shapes are likely to lie there, and an element that is not written shows.
 */
export async function poison(...shapes: number[][]): Promise<void> {
  const filled = shapes.map((shape) => tf.tidy(() => tf.fill(shape, 3e33).neg()));
  for (const tensor of filled) await read(tensor);
  tf.dispose(filled);
}
