import * as tf from '@tensorflow/tfjs';
import { memory, type MemoryReport, read } from '../src/tensor/runtime';

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

/** What is alive, with what a kernel made for itself: data that no tensor stands for. */
export function alive(): MemoryReport & { data: number } {
  return { ...memory(), data: tf.backend().numDataIds() };
}
