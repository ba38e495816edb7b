import type * as tf from '@tensorflow/tfjs';
import type { UnpackAttrs } from './unpack';

/** What is used here of tfjs-backend-webgpu's `WebGPUProgram` and its backend. */
interface Program {
  variableNames: string[];
  outputShape: number[];
  shaderKey: string;
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  workgroupSize: [number, number, number];
  uniforms: string;
  /** the shader gets the size of the output */
  size: boolean;
  getUserCode(): string;
}
interface WebGpuBackend {
  runWebGPUProgram(
    program: Program,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: { type: string; data: number[] }[],
  ): tf.TensorInfo;
}

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

function unpackProgram(halves: number): Program {
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
