import type { IntegerType } from '../nn';

/** The kind of 16 levels in [-1, 1] that 4 bits choose from. */
export type QuantizationType = 'nf4' | 'fp4';

/**
 * The 16 levels of each type, by code: float32, as bitsandbytes has them (`get_4bit_type`).
 *
 * nf4: the published table of NormalFloat4 (Dettmers et al. 2023, appendix E); `deriveNf4` computes
 * it. fp4: a sign bit, 2 bits of exponent, 1 of mantissa, that is 0, 1/16, 8, 12,
 * 4, 6, 2, 3 and their negatives, over 12.
 */
export const LEVELS: Readonly<Record<QuantizationType, Float32Array>> = {
  nf4: Float32Array.of(
    -1,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1,
  ),
  fp4: Float32Array.from(
    [0, 0.0625, 8, 12, 4, 6, 2, 3, 0, -0.0625, -8, -12, -4, -6, -2, -3],
    (level) => level / 12,
  ),
};

/** The levels of every code; those of integers are their two's complement, but for uint4. */
export const ALL_LEVELS: Readonly<Record<QuantizationType | IntegerType, Float32Array>> = {
  ...LEVELS,
  int4: Float32Array.from({ length: 16 }, (_, code) => (code < 8 ? code : code - 16)),
  uint4: Float32Array.from({ length: 16 }, (_, code) => code),
  int8: Float32Array.from({ length: 256 }, (_, code) => (code < 128 ? code : code - 256)),
};

/** The number of codes in a word of 32 bits. */
export function codesInWord(type: keyof typeof ALL_LEVELS): number {
  return ALL_LEVELS[type].length === 16 ? 8 : 4;
}

/** The probability of nf4's outermost quantile: bitsandbytes' `create_normal_map`. */
const NF4_OFFSET = 0.9677083;

/**
 * The levels of nf4 from the standard normal distribution (Dettmers et al. 2023, eq. 4): 8 positive
 * quantiles and 7 negative ones at even steps from p = 0.9677083 to 1/2, and 0, over the largest.
 * The published table is these numbers to 2e-7.
 * @param quantile z below which a standard normal number falls with probability p
 */
export function deriveNf4(quantile: (p: number) => number): number[] {
  const tail = (count: number): number[] =>
    Array.from({ length: count }, (_, i) =>
      quantile(NF4_OFFSET + ((0.5 - NF4_OFFSET) * i) / count),
    );
  const largest = quantile(NF4_OFFSET);
  const levels = [...tail(7).map((z) => -z), 0, ...tail(8).reverse()];
  return levels.map((z) => z / largest);
}

/**
 * The 256 levels of the scales, ascending: 0, 1 and, for each power of ten from 1e-6 to 1 and
 * either sign, the middles of 1, 2, 4, ... 64 even parts of [0.1, 1] (Dettmers 2015, "8-Bit
 * Approximations for Parallelism in Deep Learning"; bitsandbytes' `create_dynamic_map`, in its
 * float32 steps).
 */
export function dynamicLevels(): Float32Array {
  const levels = [0, 1];
  for (let exponent = 0; exponent < 7; exponent++) {
    const power = Math.fround(10 ** (exponent - 6));
    const edges = linspace(2 ** exponent + 1);
    for (let i = 0; i + 1 < edges.length; i++) {
      const middle = Math.fround(Math.fround(at(edges, i) + at(edges, i + 1)) / 2);
      levels.push(power * middle, -power * middle);
    }
  }
  return Float32Array.from(levels).sort();
}

/** `torch.linspace(0.1, 1, count)` in float32: counted from both ends. */
function linspace(count: number): Float32Array {
  const [start, end] = [Math.fround(0.1), 1];
  const step = Math.fround(Math.fround(end - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? start + step * i : end - step * (count - 1 - i),
  );
}

function at(values: Float32Array, i: number): number {
  return values[i] as number;
}
