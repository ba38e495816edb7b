import { round } from './write-rows';

/** Runs `run` once. @returns its result and the seconds it took, for a row */
export async function withSeconds<T>(
  run: () => Promise<T>,
): Promise<{ result: T; seconds: number }> {
  const start = performance.now();
  const result = await run();
  return { result, seconds: round((performance.now() - start) / 1000, 1) };
}
