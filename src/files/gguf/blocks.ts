import { decodeFloat16 } from '../../tensor/runtime';

/**
 * The blocks of GGUF's quantised types, as ggml-common.h lays them out: w = s q + m. d is a block's
 * scale in float16, and each s and m a product of few digits, exact in float32.
 */
export type UnpackIntegers = (block: DataView, into: Integers, at: number) => void;

/** Where the numbers of a tensor go. */
interface Integers {
  /** q; those of a block begin at `at` */
  codes: Int8Array;
  /** s, one for each 32 or 16 weights */
  scales: Float32Array;
  /** m, as many; none for types without */
  offsets: Float32Array;
}

const float16 = (block: DataView, place: number) => decodeFloat16(block.getUint16(place, true));

/** w = d (q - 8) */
export const q4_0: UnpackIntegers = (block, { codes, scales }, at) => {
  scales[at / 32] = float16(block, 0);
  fourBits(block, 2, (i, q) => (codes[at + i] = q - 8));
};

/** w = d q + m */
export const q4_1: UnpackIntegers = (block, { codes, scales, offsets }, at) => {
  scales[at / 32] = float16(block, 0);
  offsets[at / 32] = float16(block, 2);
  fourBits(block, 4, (i, q) => (codes[at + i] = q));
};

/** A byte holds weight i in its lower half and weight i + 16 in its upper. */
function fourBits(block: DataView, place: number, use: (i: number, q: number) => void): void {
  for (let i = 0; i < 16; i++) {
    const byte = block.getUint8(place + i);
    use(i, byte & 15);
    use(i + 16, byte >> 4);
  }
}

/** w = d (q - 16); the fifth bits of all weights come first. */
export const q5_0: UnpackIntegers = (block, { codes, scales }, at) => {
  scales[at / 32] = float16(block, 0);
  fiveBits(block, 2, (i, q) => (codes[at + i] = q - 16));
};

/** w = d q + m */
export const q5_1: UnpackIntegers = (block, { codes, scales, offsets }, at) => {
  scales[at / 32] = float16(block, 0);
  offsets[at / 32] = float16(block, 2);
  fiveBits(block, 4, (i, q) => (codes[at + i] = q));
};

/** The 32 codes of 4 bytes of fifth bits and 16 bytes of the others. */
function fiveBits(block: DataView, place: number, use: (i: number, q: number) => void): void {
  const fifth = block.getUint32(place, true);
  fourBits(block, place + 4, (i, q) => use(i, q | (((fifth >>> i) & 1) << 4)));
}

/** w = d q */
export const q8_0: UnpackIntegers = (block, { codes, scales }, at) => {
  scales[at / 32] = float16(block, 0);
  for (let i = 0; i < 32; i++) codes[at + i] = block.getInt8(2 + i);
};

/** w = d s q - m t, with a scale s and an offset t of 6 bits for each 32 weights */
export const q4_K: UnpackIntegers = (block, into, at) => {
  for (let part = 0; part < 8; part++) {
    scalePart(block, part, into, at / 32 + part);
    const first = 16 + 32 * (part >> 1);
    for (let i = 0; i < 32; i++) {
      into.codes[at + 32 * part + i] = (block.getUint8(first + i) >> (4 * (part & 1))) & 15;
    }
  }
};

/** As q4_K, with a fifth bit: bit `part` of 32 bytes before the others. */
export const q5_K: UnpackIntegers = (block, into, at) => {
  for (let part = 0; part < 8; part++) {
    scalePart(block, part, into, at / 32 + part);
    const first = 48 + 32 * (part >> 1);
    for (let i = 0; i < 32; i++) {
      const fifth = (block.getUint8(16 + i) >> part) & 1;
      const q = (block.getUint8(first + i) >> (4 * (part & 1))) & 15;
      into.codes[at + 32 * part + i] = q | (fifth << 4);
    }
  }
};

/** d s and -m t of a part: 6 bits each of 12 bytes, whose last four hold the lower bits of parts 4 to 7. */
function scalePart(block: DataView, part: number, into: Integers, index: number): void {
  const byte = (i: number) => block.getUint8(4 + i);
  let [s, t] = [byte(part) & 63, byte(part + 4) & 63];
  if (part >= 4) {
    const lower = byte(part + 4);
    s = (lower & 15) | ((byte(part - 4) >> 6) << 4);
    t = (lower >> 4) | ((byte(part) >> 6) << 4);
  }
  into.scales[index] = float16(block, 0) * s;
  into.offsets[index] = -float16(block, 2) * t;
}

/** w = d s (q - 32), with a scale s of 8 bits for each 16 weights; two halves of 128 weights */
export const q6_K: UnpackIntegers = (block, { codes, scales }, at) => {
  const d = float16(block, 208);
  for (let i = 0; i < 16; i++) scales[at / 16 + i] = d * block.getInt8(192 + i);
  for (let i = 0; i < 256; i++) {
    const half = i >> 7;
    const group = (i >> 5) & 3; // of 32 weights in a half
    const low = block.getUint8(64 * half + 32 * (group & 1) + (i & 31)) >> (4 * (group >> 1));
    const high = block.getUint8(128 + 32 * half + (i & 31)) >> (2 * group);
    codes[at + i] = ((low & 15) | ((high & 3) << 4)) - 32;
  }
};
