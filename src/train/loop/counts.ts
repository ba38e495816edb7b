/** How much each cross-entropy that is computed now counts; null while nobody collects. */
let collected: number[] | null = null;

/** Runs a loss, and collects how much each cross-entropy in it counts: its Σ w. */
export function collectCounts<T>(run: () => T): { result: T; counts: number[] } {
  const outer = collected;
  const counts: number[] = [];
  collected = counts;
  try {
    return { result: run(), counts };
  } finally {
    collected = outer;
  }
}

/** Notes how much a cross-entropy counts. @returns whether somebody collects */
export function noteCount(count: number): boolean {
  collected?.push(count);
  return collected !== null;
}

/** The weight of a batch in its step: what it counts, or 1 if that is unknown. */
export function weightOf(counts: readonly number[]): number {
  return counts.length > 0 ? sum(counts) : 1;
}

/**
 * Whether the mean over a step can be computed from the means of its batches: each tells how much
 * it counts, and where a loss has several parts, these count in one ratio in all batches.
 */
export function haveOneRatio(batches: readonly (readonly number[])[]): boolean {
  const counted = batches.filter((counts) => weightOf(counts) > 0);
  const [first = []] = counted;
  const share = (counts: readonly number[], i: number) => (counts[i] ?? NaN) / sum(counts);
  return counted.every(
    (counts) =>
      counts.length > 0 &&
      counts.length === first.length &&
      first.every((_, i) => Math.abs(share(counts, i) - share(first, i)) < 1e-9),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
