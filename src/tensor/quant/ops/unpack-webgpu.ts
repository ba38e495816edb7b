import type * as tf from '@tensorflow/tfjs';
import { runOverElements } from '../../op';
import type { UnpackAttrs } from './unpack';

/**
 * The kernel on WebGPU, whose plain ops, slices too, take int32 through float32 and would round
 * the words to 24 bits.
 */
export const unpackWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { first, count } = attrs as unknown as UnpackAttrs;
  return runOverElements(backend, {
    name: 'unpack_halves',
    inputs: { words: inputs.words as tf.TensorInfo },
    outputShape: [2 * count],
    dtype: 'int32',
    integers: { first },
    body: `
        let word = words[uniforms.first + index / 2];
        result[index] = (word >> u32(16 * (index % 2))) & 65535;`,
  });
};
