import type * as tf from '@tensorflow/tfjs';

/** What is used here of tfjs-backend-webgpu's `WebGPUProgram` and its backend. */
export interface WebGpuProgram {
  variableNames: string[];
  outputShape: number[];
  shaderKey: string;
  /** which axes of the output a dispatch runs along */
  dispatchLayout: { x: number[]; y?: number[] };
  dispatch: [number, number, number];
  workgroupSize: [number, number, number];
  uniforms: string;
  /** the shader gets the size of the output */
  size?: boolean;
  getUserCode(): string;
}

export interface WebGpuBackend {
  runWebGPUProgram(
    program: WebGpuProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: { type: string; data: number[] }[],
  ): tf.TensorInfo;
  /** Frees what no tensor has taken over. */
  disposeData(dataId: object): boolean;
}
