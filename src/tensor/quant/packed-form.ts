import type { HostIntegers } from '../nn';
import { codesInWord } from './levels';
import type { QuantizedLayout } from './ops/dequantize-weight';
import type { Quantized } from './quantize';

/** A weight as the kernels read it. */
export interface PackedForm extends Omit<QuantizedLayout, 'shape'> {
  /** how many numbers W has */
  length: number;
  /** the bytes of the codes; then those of the scales, if they are in 8 bits */
  words: Int32Array;
  /** one for each block of weights, then the blocks' offsets; or of scales in 8 bits, and their offset */
  floats: Float32Array;
}

/** Packs what `quantize` made, or integers, which stay exactly what they are. */
export function packedForm(weight: Quantized | HostIntegers): PackedForm {
  return 'packed' in weight ? formOfLevels(weight) : formOfIntegers(weight);
}

function formOfLevels({ type, blockSize, length, packed, scales }: Quantized): PackedForm {
  const form = { type, blockSize, length, hasOffsets: false };
  if (scales instanceof Float32Array) {
    return { ...form, words: toWords([packed]), floats: scales, scalesInBytes: false };
  }
  const floats = Float32Array.of(...scales.scales, scales.offset);
  return { ...form, words: toWords([packed, scales.codes]), floats, scalesInBytes: true };
}

function formOfIntegers({ type, codes, blockSize, scales, offsets }: HostIntegers): PackedForm {
  const bytes = codesInWord(type) === 8 ? packPairs(codes) : new Uint8Array(codes.buffer);
  const floats = new Float32Array(scales.length + (offsets?.length ?? 0));
  floats.set(scales);
  if (offsets) floats.set(offsets, scales.length);
  return {
    ...{ type, blockSize, length: codes.length, scalesInBytes: false },
    ...{ words: toWords([bytes]), floats, hasOffsets: offsets !== null },
  };
}

/** Two codes a byte, the first in the high 4 bits. */
function packPairs(codes: Int8Array): Uint8Array {
  const bytes = new Uint8Array(codes.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = ((codes[2 * i] as number) << 4) | ((codes[2 * i + 1] as number) & 15);
  }
  return bytes;
}

/** Puts bytes one after another into int32 words; each part starts at a word. */
function toWords(parts: Uint8Array[]): Int32Array {
  const sizes = parts.map((part) => Math.ceil(part.length / 4));
  const words = new Int32Array(sizes.reduce((sum, size) => sum + size, 0));
  let start = 0;
  for (const [i, part] of parts.entries()) {
    new Uint8Array(words.buffer).set(part, 4 * start);
    start += sizes[i] as number;
  }
  return words;
}
