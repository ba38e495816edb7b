import type { HostIntegers } from './host-linear';

/** w = s q + m, rounded once, to float32: equal to ggml's to the bit. */
export function widen({ codes, blockSize, scales, offsets }: HostIntegers): Float32Array {
  const values = new Float32Array(codes.length);
  for (const [block, scale] of scales.entries()) {
    const offset = offsets?.[block] ?? -0; // which changes no number, nor the sign of a zero
    for (let i = block * blockSize; i < (block + 1) * blockSize; i++) {
      values[i] = scale * (codes[i] as number) + offset;
    }
  }
  return values;
}
