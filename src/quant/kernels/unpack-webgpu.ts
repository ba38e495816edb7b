import type * as tf from '@tensorflow/tfjs';
import type { UnpackAttrs } from './unpack';
import type { WebGpuBackend, WebGpuProgram } from '../../runtime';

const WORKGROUP = 64;

/**
 * The kernel on WebGPU, whose plain ops, slices too, take int32 through float32 and would round
 * the words to 24 bits.
 */
export const unpackWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { first, count } = attrs as unknown as UnpackAttrs;
  const gpu = backend as WebGpuBackend;
  const uniforms = [{ type: 'int32', data: [first] }];
  const words = inputs.words as tf.TensorInfo;
  return gpu.runWebGPUProgram(unpackProgram(2 * count), [words], 'int32', uniforms);
};

function unpackProgram(halves: number): WebGpuProgram {
  return {
    variableNames: ['words'],
    outputShape: [halves],
    shaderKey: 'unpack_halves',
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(halves / WORKGROUP), 1, 1],
    workgroupSize: [WORKGROUP, 1, 1],
    uniforms: 'first : i32,',
    size: true,
    getUserCode: () => SHADER,
  };
}

const SHADER = `
  fn main(index : i32) {
    if (index < uniforms.size) {
      let word = words[uniforms.first + index / 2];
      setOutputAtIndexI32(index, (word >> u32(16 * (index % 2))) & 65535);
    }
  }`;
