/**
 * How positions become angles: position p turns the i-th pair of a head by p wᵢ. The kinds differ in
 * how they stretch wᵢ = θ^(-2i/size) to texts longer than those of the pretraining.
 */
export type Rope = { theta: number } & (
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  | { type: 'dynamic'; factor: number; original: number }
  | { type: 'llama3'; factor: number; low: number; high: number; original: number }
  | {
      type: 'yarn';
      factor: number;
      fast: number;
      slow: number;
      truncate: boolean;
      original: number;
      /** multiplies cos and sin */
      scale: number;
    }
);

/**
 * The frequencies wᵢ in radians per position, in float32.        (Su et al. 2021, section 3.2.2)
 * @param size of a head, twice the number of pairs
 * @param length of the text, on which they depend if the rope is dynamic
 */
export function frequencies(rope: Rope, size: number, length: number): Float32Array {
  const theta = rope.type === 'dynamic' ? stretchedTheta(rope, size, length) : rope.theta;
  const w = Float32Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
  if (rope.type === 'linear') return w.map((wi) => wi / rope.factor);
  if (rope.type === 'llama3') return w.map((wi) => llama3(wi, rope));
  if (rope.type === 'yarn') return yarn(w, size, rope);
  return w;
}

/** A text longer than the original ones has a larger θ, such that the last pair is slowed by the factor. */
function stretchedTheta(
  { theta, factor, original }: Extract<Rope, { type: 'dynamic' }>,
  size: number,
  length: number,
): number {
  if (length <= original) return theta;
  return theta * ((factor * length) / original - (factor - 1)) ** (size / (size - 2));
}

/** Slows pairs with a wavelength beyond original / low, keeps those below original / high, and blends. */
function llama3(
  w: number,
  { factor, low, high, original }: Extract<Rope, { type: 'llama3' }>,
): number {
  const turns = (original * w) / (2 * Math.PI); // in a text of the original length
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return ((1 - kept) * w) / factor + kept * w;
}

/** Blends between the pair that turns `fast` times in an original text and the one that turns `slow` times. */
function yarn(
  w: Float32Array,
  size: number,
  { theta, factor, fast, slow, truncate, original }: Extract<Rope, { type: 'yarn' }>,
): Float32Array {
  const pairWith = (turns: number) =>
    (size * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairWith(fast), pairWith(slow)];
  const low = Math.max(0, truncate ? Math.floor(first) : first);
  const high = Math.min(size - 1, truncate ? Math.ceil(last) : last);
  return w.map((wi, i) => {
    const slowed = Math.min(1, Math.max(0, (i - low) / (high - low || 0.001)));
    return (slowed * wi) / factor + (1 - slowed) * wi;
  });
}
