/** What rank r costs, and the share of a change with these singular values that it misses. */
export function rankTradeOff(
  layers: [d: number, k: number][],
  sigma: number[],
  r: number,
): { parameters: number; missed: number } {
  const parameters = layers.reduce((sum, [d, k]) => sum + r * (d + k), 0);
  const size = (strengths: number[]) => Math.sqrt(strengths.reduce((sum, s) => sum + s * s, 0));
  return { parameters, missed: size(sigma.slice(r)) / size(sigma) }; // the first r are kept
}
