/** Levels to choose from: their values in ascending order, and each one's code. */
export interface Codebook {
  ascending: Float32Array;
  codes: Uint8Array;
}

/** Codes of the numbers, and the largest magnitude of each block. */
export interface Blocks {
  codes: Uint8Array;
  scales: Float32Array;
}

/** The smallest divisor of a block: an all-zero block stays zero. */
const SMALLEST_SCALE = Math.fround(1e-38);

/** Orders the levels by value; equal ones, such as the two zeros of fp4, keep their order. */
export function codebook(levels: Float32Array): Codebook {
  const codes = Uint8Array.from(levels.keys()).sort((a, b) => value(levels, a) - value(levels, b));
  return { ascending: Float32Array.from(codes, (code) => value(levels, code)), codes };
}

/**
 * The code of the level nearest to value / absmax, for absmax the largest magnitude of the value's
 * block. In float32 and step by step as bitsandbytes' `quantize_blockwise` in PyTorch: a number in
 * the middle takes the lower level; a last, shorter block divides where full ones multiply by the
 * reciprocal, and its scale is at least 1e-38.
 */
export function quantizeBlocks(values: Float32Array, blockSize: number, book: Codebook): Blocks {
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(Math.ceil(values.length / blockSize));
  const middles = middlesOf(book.ascending);
  for (const block of scales.keys()) {
    const start = block * blockSize;
    const numbers = values.subarray(start, start + blockSize);
    const absmax = numbers.reduce((max, number) => Math.max(max, Math.abs(number)), 0);
    const divisor = Math.max(absmax, SMALLEST_SCALE);
    const isFull = numbers.length === blockSize;
    const reciprocal = Math.fround(1 / divisor);
    scales[block] = isFull ? absmax : divisor;
    for (const [i, number] of numbers.entries()) {
      const scaled = Math.fround(isFull ? number * reciprocal : number / divisor);
      codes[start + i] = book.codes[countBelow(middles, scaled)] as number;
    }
  }
  return { codes, scales };
}

/** levels[code] times its block's scale, rounded to float32. */
export function dequantizeBlocks(
  { codes, scales }: Blocks,
  blockSize: number,
  levels: Float32Array,
): Float32Array {
  return Float32Array.from(
    codes,
    (code, i) => value(levels, code) * value(scales, Math.floor(i / blockSize)),
  );
}

function middlesOf(ascending: Float32Array): Float32Array {
  return Float32Array.from(
    ascending.subarray(1),
    (level, i) => Math.fround(level + value(ascending, i)) / 2,
  );
}

/** Counts the ascending numbers smaller than x, by bisection. */
function countBelow(ascending: Float32Array, x: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(ascending, middle) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function value(numbers: Float32Array, i: number): number {
  return numbers[i] as number;
}
