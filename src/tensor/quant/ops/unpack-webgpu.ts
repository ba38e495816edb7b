import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../op';

/** The halves of words [first, first + count) in one dispatch. */
export function unpackWebGpu(
  { words }: { words: tf.TensorInfo },
  { first, count }: { first: number; count: number },
): tf.TensorInfo {
  return runOverElements({
    name: 'unpack_halves',
    inputs: { words },
    outputShape: [2 * count],
    dtype: 'int32',
    integers: { first },
    body: `
        let word = words[uniforms.first + index / 2];
        result[index] = (word >> u32(16 * (index % 2))) & 65535;`,
  });
}
