const LONGEST = 300; // the time grows with the square

/** Finds the candidate most like a name, for a "did you mean"; undefined if none is alike. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = name.length / 2;
  for (const candidate of candidates.slice(0, LONGEST)) {
    const distance = editDistance(name.slice(0, LONGEST), candidate.slice(0, LONGEST));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Counts the letters to change, add or leave out (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
