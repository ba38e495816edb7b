import * as tf from '@tensorflow/tfjs';

/** The device's feature, and the line of WGSL that enables it in a shader. */
export const SUBGROUPS = 'subgroups';
export const ENABLE_SUBGROUPS = `enable ${SUBGROUPS};`;

/** The part of tfjs-backend-webgpu's backend that is used here; its device is the browser's. */
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
  /** Frees data that no tensor has taken over. */
  disposeData(dataId: object): boolean;
}

/** The backend that runs a WGSL kernel now. */
export function webGpuBackend(): WebGpuBackend {
  return tf.backend() as unknown as WebGpuBackend;
}

/** The part of its `WebGPUProgram` that is used here. */
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
