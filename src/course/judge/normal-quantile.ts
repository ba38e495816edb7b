import { ArgumentError } from '../../tensor/errors';

/**
 * Computes the p-quantile of the standard normal distribution by Newton's method on its
 * distribution function. Accurate to 1e-12 for p in [0.001, 0.999].
 * @throws ArgumentError if p is not inside (0, 1)
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) {
    throw new ArgumentError(`normalQuantile: p must lie between 0 and 1, got ${p}.`);
  }
  let z = 0;
  for (let step = 0; step < 50; step++) {
    const change = (cumulative(z) - p) / density(z);
    z -= change;
    if (Math.abs(change) < 1e-14) break;
  }
  return z;
}

/** 1/2 + density(z) (z + z³/3 + z⁵/(3·5) + ...)        (Marsaglia 2004) */
function cumulative(z: number): number {
  let [term, sum] = [z, z];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return 0.5 + density(z) * sum;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}
