import type * as tf from '@tensorflow/tfjs';
import { webGpuBackend } from './webgpu-backend';

/** A compute shader and what it runs on. */
export interface Shader {
  /** the name under which the compiled shader is cached: other code needs another name */
  name: string;
  /**
   * the tensors it reads, by their names in the code: `x`, an array, and `uniforms.xShape`. The code
   * must use each: an unused one is not bound, and the shader does not run.
   */
  inputs: Record<string, tf.TensorInfo>;
  /** `uniforms.outShape`; the output is `result`, float32 unless `dtype` says otherwise */
  outputShape: number[];
  dtype?: 'float32' | 'int32';
  /** threads in a group */
  workgroupSize: number;
  /** Groups that run. More run if tfjs has to lay them out in two axes. */
  workgroups: number;
  /** numbers that the code finds in `uniforms` */
  integers?: Record<string, number>;
  floats?: Record<string, number>;
  /** WGSL with `fn main(index : i32)`; threads are numbered group after group */
  code: string;
}

/** Runs a shader as one dispatch of tfjs's WebGPU backend. */
export function runWebGpu(shader: Shader): tf.TensorInfo {
  const { inputs, outputShape, dtype = 'float32', integers = {}, floats = {} } = shader;
  const program = {
    variableNames: Object.keys(inputs),
    outputShape,
    shaderKey: shader.name,
    dispatchLayout: { x: [0] }, // one axis: `main` gets the index
    dispatch: [shader.workgroups, 1, 1] as [number, number, number],
    workgroupSize: [shader.workgroupSize, 1, 1] as [number, number, number],
    uniforms: declare(integers, 'i32') + declare(floats, 'f32'),
    getUserCode: () => shader.code,
  };
  const numbers = [...valuesOf(integers, 'int32'), ...valuesOf(floats, 'float32')];
  return webGpuBackend().runWebGPUProgram(program, Object.values(inputs), dtype, numbers);
}

function declare(numbers: Record<string, number>, type: string): string {
  return Object.keys(numbers)
    .map((name) => `${name} : ${type}, `)
    .join('');
}

function valuesOf(numbers: Record<string, number>, type: string) {
  return Object.values(numbers).map((value) => ({ type, data: [value] }));
}
