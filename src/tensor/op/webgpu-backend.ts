import type * as tf from '@tensorflow/tfjs';

/** The device's feature, and what a shader that uses it says. */
export const SUBGROUPS = 'subgroups';
export const ENABLE_SUBGROUPS = `enable ${SUBGROUPS};`;

/** What is used here of tfjs-backend-webgpu's backend; its device is the browser's. */
export interface WebGpuBackend {
  device: {
    features: ReadonlySet<string>;
    addEventListener(
      type: 'uncapturederror',
      listener: (event: { error: { message: string } }) => void,
    ): void;
  };
  runWebGPUProgram(
    program: WebGpuProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: { type: string; data: number[] }[],
  ): tf.TensorInfo;
  read(dataId: object): Promise<tf.backend_util.BackendValues>;
  /** Frees what no tensor has taken over. */
  disposeData(dataId: object): boolean;
}

/** What is used here of its `WebGPUProgram`. */
interface WebGpuProgram {
  variableNames: string[];
  outputShape: number[];
  shaderKey: string;
  /** which axes of the output a dispatch runs along */
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  workgroupSize: [number, number, number];
  uniforms: string;
  getUserCode(): string;
}
