import type { IntegerType } from '../../tensor/nn';
import { decodeBfloat16, decodeFloat16 } from '../../tensor/runtime';
import { q4_0, q4_1, q4_K, q5_0, q5_1, q5_K, q6_K, q8_0, type UnpackIntegers } from './blocks';

/** How the numbers of a tensor are stored: in blocks of a fixed number of weights and bytes. */
export interface GgufType {
  name: string;
  weights: number;
  bytes: number;
  /** the number of a block of one weight, or the integers of a block */
  content: ReadNumber | IntegerBlocks;
}

type ReadNumber = (block: DataView) => number;

/** Integers that share a scale, and an offset if there are any. */
export interface IntegerBlocks {
  type: IntegerType;
  /** weights that share them */
  blockSize: number;
  hasOffsets: boolean;
  unpack: UnpackIntegers;
}

/** The types that are read, by their numbers in the file (ggml.h). */
export const TYPES: ReadonlyMap<number, GgufType> = new Map([
  [0, floats('F32', 4, (block) => block.getFloat32(0, true))],
  [1, floats('F16', 2, (block) => decodeFloat16(block.getUint16(0, true)))],
  [30, floats('BF16', 2, (block) => decodeBfloat16(block.getUint16(0, true)))],
  [2, integers('Q4_0', 32, 18, { type: 'int4', blockSize: 32, hasOffsets: false, unpack: q4_0 })],
  [3, integers('Q4_1', 32, 20, { type: 'uint4', blockSize: 32, hasOffsets: true, unpack: q4_1 })],
  [6, integers('Q5_0', 32, 22, { type: 'int8', blockSize: 32, hasOffsets: false, unpack: q5_0 })],
  [7, integers('Q5_1', 32, 24, { type: 'int8', blockSize: 32, hasOffsets: true, unpack: q5_1 })],
  [8, integers('Q8_0', 32, 34, { type: 'int8', blockSize: 32, hasOffsets: false, unpack: q8_0 })],
  [
    12,
    integers('Q4_K', 256, 144, { type: 'uint4', blockSize: 32, hasOffsets: true, unpack: q4_K }),
  ],
  [13, integers('Q5_K', 256, 176, { type: 'int8', blockSize: 32, hasOffsets: true, unpack: q5_K })],
  [
    14,
    integers('Q6_K', 256, 210, { type: 'int8', blockSize: 16, hasOffsets: false, unpack: q6_K }),
  ],
]);

function floats(name: string, bytes: number, content: ReadNumber): GgufType {
  return { name, weights: 1, bytes, content };
}

function integers(name: string, weights: number, bytes: number, content: IntegerBlocks): GgufType {
  return { name, weights, bytes, content };
}
