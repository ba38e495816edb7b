// The bits of float32 numbers, in and out.
const float32 = new Float32Array(1);
const bits32 = new Uint32Array(float32.buffer);

/** IEEE 754 binary16 bits -> the number, exactly. */
export function decodeFloat16(bits: number): number {
  const magnitude = bits & 0x7fff;
  if (magnitude < 0x400) return (bits & 0x8000 ? -1 : 1) * magnitude * 2 ** -24; // subnormal
  const exponent = magnitude >= 0x7c00 ? 0x7f800000 : 0; // infinity or NaN
  return fromBits((((bits & 0x8000) << 16) | exponent | ((magnitude << 13) + 0x38000000)) >>> 0);
}

/** bfloat16 bits, the upper half of float32's -> the number, exactly. */
export function decodeBfloat16(bits: number): number {
  return fromBits((bits << 16) >>> 0);
}

/**
 * A float32 number -> binary16 bits, rounded to nearest, ties to even. From 65520 on that is
 * infinity.
 */
export function encodeFloat16(value: number): number {
  float32[0] = value;
  const bits = bits32[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal, in units of 2^-24; adding 2^52 rounds a float64 to an integer, ties to even.
    return sign | (Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52);
  }
  const roundedUp = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((roundedUp - 0x38000000) >>> 13);
}

function fromBits(bits: number): number {
  bits32[0] = bits;
  return float32[0] as number;
}
