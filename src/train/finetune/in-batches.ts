/** The tokens of a batch at most, padding included: logits of 2,048 tokens take 400 MB with 49,152 of them. */
const TOKENS = 2048;

/** The rows of a batch at most. */
const ROWS = 16;

/**
 * Cuts items into batches of alike lengths, the shortest first, that the memory holds: of several
 * items only as long as all of them, padded to the longest, have few tokens.
 */
export function inBatches<T>(items: readonly T[], lengthOf: (item: T) => number): T[][] {
  const batches: T[][] = [];
  for (const item of [...items].sort((a, b) => lengthOf(a) - lengthOf(b))) {
    const last = batches.at(-1);
    const fits = last && last.length < ROWS && (last.length + 1) * lengthOf(item) <= TOKENS;
    if (fits) last.push(item);
    else batches.push([item]);
  }
  return batches;
}
