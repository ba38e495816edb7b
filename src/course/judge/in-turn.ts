import type { Case } from './exercise';

/** Makes cases one after the other, so that each draws the same random numbers in every run. */
export async function inTurn<Size>(
  sizes: readonly Size[],
  make: (size: Size) => Promise<Case>,
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const size of sizes) cases.push(await make(size));
  return cases;
}
