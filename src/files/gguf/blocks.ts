import { decodeFloat16 } from '../../tensor/runtime';

/**
 * The blocks of GGUF's quantised types, as ggml-common.h lays them out. d is a block's scale, m its
 * offset, both float16; q a weight's code. Products of these have few digits, so each weight is
 * rounded once, to float32: equal to ggml's to the bit.
 */
type Unpack = (block: DataView, values: Float32Array, at: number) => void;

const float16 = (block: DataView, place: number) => decodeFloat16(block.getUint16(place, true));

/** w = d (q - 8); a byte holds weight i in its lower half and weight i + 16 in its upper. */
export const q4_0: Unpack = (block, values, at) => {
  const d = float16(block, 0);
  for (let i = 0; i < 16; i++) {
    const byte = block.getUint8(2 + i);
    values[at + i] = d * ((byte & 15) - 8);
    values[at + i + 16] = d * ((byte >> 4) - 8);
  }
};

/** w = d q + m */
export const q4_1: Unpack = (block, values, at) => {
  const [d, m] = [float16(block, 0), float16(block, 2)];
  for (let i = 0; i < 16; i++) {
    const byte = block.getUint8(4 + i);
    values[at + i] = d * (byte & 15) + m;
    values[at + i + 16] = d * (byte >> 4) + m;
  }
};

/** w = d (q - 16); the fifth bits of all weights come first. */
export const q5_0: Unpack = (block, values, at) => {
  const d = float16(block, 0);
  fiveBits(block, 2, (i, q) => (values[at + i] = d * (q - 16)));
};

/** w = d q + m */
export const q5_1: Unpack = (block, values, at) => {
  const [d, m] = [float16(block, 0), float16(block, 2)];
  fiveBits(block, 4, (i, q) => (values[at + i] = d * q + m));
};

/** The 32 codes of 4 bytes of fifth bits and 16 bytes of the others. */
function fiveBits(block: DataView, place: number, use: (i: number, q: number) => void): void {
  const fifth = block.getUint32(place, true);
  for (let i = 0; i < 16; i++) {
    const byte = block.getUint8(place + 4 + i);
    use(i, (byte & 15) | (((fifth >>> i) & 1) << 4));
    use(i + 16, (byte >> 4) | (((fifth >>> (i + 16)) & 1) << 4));
  }
}

/** w = d q */
export const q8_0: Unpack = (block, values, at) => {
  const d = float16(block, 0);
  for (let i = 0; i < 32; i++) values[at + i] = d * block.getInt8(2 + i);
};

/** w = d s q - m t, with a scale s and an offset t of 6 bits for each 32 weights */
export const q4_K: Unpack = (block, values, at) => {
  for (let part = 0; part < 8; part++) {
    const { scale, offset } = scaleOf(block, part);
    const first = 16 + 32 * (part >> 1);
    for (let i = 0; i < 32; i++) {
      const q = (block.getUint8(first + i) >> (4 * (part & 1))) & 15;
      values[at + 32 * part + i] = scale * q - offset;
    }
  }
};

/** As q4_K, with a fifth bit: bit `part` of 32 bytes before the others. */
export const q5_K: Unpack = (block, values, at) => {
  for (let part = 0; part < 8; part++) {
    const { scale, offset } = scaleOf(block, part);
    const first = 48 + 32 * (part >> 1);
    for (let i = 0; i < 32; i++) {
      const fifth = (block.getUint8(16 + i) >> part) & 1;
      const q = ((block.getUint8(first + i) >> (4 * (part & 1))) & 15) | (fifth << 4);
      values[at + 32 * part + i] = scale * q - offset;
    }
  }
};

/** d s and m t of a part: 6 bits each of 12 bytes, whose last four hold the lower bits of parts 4 to 7. */
function scaleOf(block: DataView, part: number): { scale: number; offset: number } {
  const [d, m] = [float16(block, 0), float16(block, 2)];
  const byte = (i: number) => block.getUint8(4 + i);
  if (part < 4) return { scale: d * (byte(part) & 63), offset: m * (byte(part + 4) & 63) };
  const lower = byte(part + 4);
  const s = (lower & 15) | ((byte(part - 4) >> 6) << 4);
  const t = (lower >> 4) | ((byte(part) >> 6) << 4);
  return { scale: d * s, offset: m * t };
}

/** w = d s (q - 32), with a scale s of 8 bits for each 16 weights; two halves of 128 weights */
export const q6_K: Unpack = (block, values, at) => {
  const d = float16(block, 208);
  for (let i = 0; i < 256; i++) {
    const half = i >> 7;
    const group = (i >> 5) & 3; // of 32 weights in a half
    const low = block.getUint8(64 * half + 32 * (group & 1) + (i & 31)) >> (4 * (group >> 1));
    const high = block.getUint8(128 + 32 * half + (i & 31)) >> (2 * group);
    const q = (low & 15) | ((high & 3) << 4);
    values[at + i] = d * block.getInt8(192 + (i >> 4)) * (q - 32);
  }
};
