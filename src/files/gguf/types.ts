import { decodeBfloat16, decodeFloat16 } from '../../tensor/runtime';
import { q4_0, q4_1, q4_K, q5_0, q5_1, q5_K, q6_K, q8_0 } from './blocks';

/** How the numbers of a tensor are stored: in blocks of a fixed number of weights and bytes. */
export interface GgufType {
  name: string;
  weights: number;
  bytes: number;
  /** unpacks one block into numbers, from this place on */
  unpack: (block: DataView, values: Float32Array, at: number) => void;
}

/** The types that are read, by their numbers in the file (ggml.h). */
export const TYPES: ReadonlyMap<number, GgufType> = new Map([
  [0, type('F32', 1, 4, (block, values, at) => (values[at] = block.getFloat32(0, true)))],
  [
    1,
    type('F16', 1, 2, (block, values, at) => {
      values[at] = decodeFloat16(block.getUint16(0, true));
    }),
  ],
  [
    30,
    type('BF16', 1, 2, (block, values, at) => {
      values[at] = decodeBfloat16(block.getUint16(0, true));
    }),
  ],
  [2, type('Q4_0', 32, 18, q4_0)],
  [3, type('Q4_1', 32, 20, q4_1)],
  [6, type('Q5_0', 32, 22, q5_0)],
  [7, type('Q5_1', 32, 24, q5_1)],
  [8, type('Q8_0', 32, 34, q8_0)],
  [12, type('Q4_K', 256, 144, q4_K)],
  [13, type('Q5_K', 256, 176, q5_K)],
  [14, type('Q6_K', 256, 210, q6_K)],
]);

function type(name: string, weights: number, bytes: number, unpack: GgufType['unpack']): GgufType {
  return { name, weights, bytes, unpack };
}
