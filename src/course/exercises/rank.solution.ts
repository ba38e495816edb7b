/** What rank r costs, and how far it stays from a change with these singular values. */
export function rankTradeOff(
  layers: [d: number, k: number][],
  sigma: number[],
  r: number,
): { parameters: number; error: number } {
  const parameters = layers.reduce((sum, [d, k]) => sum + r * (d + k), 0);
  const leftOut = sigma.slice(r); // sigma falls: the best rank r keeps the first r
  return { parameters, error: Math.sqrt(leftOut.reduce((sum, s) => sum + s * s, 0)) };
}
