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
  const { bits, first, count } = attrs as unknown as UnpackAttrs;
  const program = unpackProgram(bits, (count * 32) / bits);
  const gpu = backend as WebGpuBackend;
  const uniforms = [{ type: 'int32', data: [first] }];
  return gpu.runWebGPUProgram(program, [inputs.words as tf.TensorInfo], 'int32', uniforms);
};

function unpackProgram(bits: 4 | 8, codes: number): Program {
  return {
    variableNames: ['words'],
    outputShape: [codes],
    shaderKey: `unpack_${bits}`,
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(codes / WORKGROUP), 1, 1],
    workgroupSize: [WORKGROUP, 1, 1],
    uniforms: 'first : i32,',
    size: true,
    getUserCode: () => unpackShader(bits),
  };
}

/** Of a byte the high half comes first: places 0, 1, 2, 3 lie at bits 4, 0, 12, 8. */
function unpackShader(bits: 4 | 8): string {
  const perWord = 32 / bits;
  const place = bits === 4 ? `(index % ${perWord}) ^ 1` : `index % ${perWord}`;
  return `
    fn main(index : i32) {
      if (index < uniforms.size) {
        let word = words[uniforms.first + index / ${perWord}];
        let shift = u32(${bits} * (${place}));
        setOutputAtIndexI32(index, (word >> shift) & ${2 ** bits - 1});
      }
    }`;
}
