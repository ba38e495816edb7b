import type { Scales } from './lora-linear';

/** What reading a number of W0 from memory and writing another takes, in products (measured). */
const TRAFFIC = 8;

/**
 * Whether (W0 + s B A) x costs less than W0 x + s B (A x), by the products that either takes:
 * r k d against n r (k + d), for n rows of x. Only where one scale holds for all of them.
 * (Cherniuk et al. 2023, "Run LoRA Run")
 */
export function mergesFirst(
  n: number,
  [d, k]: [number, number],
  r: number,
  scaling: Scales,
): boolean {
  const isOneScale = typeof scaling === 'number' || scaling.shape[0] === 1;
  return isOneScale && (r + TRAFFIC) * k * d < n * r * (k + d);
}
