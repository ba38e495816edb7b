import assert from 'node:assert/strict';

/**
 * Fails unless max |got - want| <= tolerance * max |want|; a failure tells the largest and the
 * mean difference. Every number must be finite.
 */
export function assertClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  what = 'values',
): void {
  assert.equal(got.length, want.length, `${what}: length`);
  const difference = Array.from(want, (value, i) => Math.abs(value - (got[i] ?? NaN)));
  assert.ok(
    difference.every((value) => Number.isFinite(value)),
    `${what}: not finite`,
  );
  const size = Array.from(want).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const max = difference.reduce((a, b) => Math.max(a, b), 0);
  const mean = difference.reduce((a, b) => a + b, 0) / difference.length;
  assert.ok(
    max <= tolerance * size,
    `${what}: max difference ${max} (mean ${mean}) of values up to ${size}; allowed ${tolerance * size}`,
  );
}
