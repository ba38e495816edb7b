import * as tf from '@tensorflow/tfjs';
import { runWebGpu, type Shader } from './run-webgpu';

const WORKGROUP = 128;

/** A shader in which each thread computes one element of the output. */
export interface ElementsShader extends Omit<Shader, 'workgroupSize' | 'workgroups' | 'code'> {
  /** WGSL, the body of a function that gets the element's `index` and sets `result[index]` */
  body: string;
}

/** Runs a thread for each element of the output. */
export function runOverElements({ outputShape, body, ...rest }: ElementsShader): tf.TensorInfo {
  const size = tf.util.sizeFromShape(outputShape);
  const output = runWebGpu({
    ...rest,
    outputShape: [size],
    workgroupSize: WORKGROUP,
    workgroups: Math.ceil(size / WORKGROUP),
    code: `
      fn main(index : i32) {
        if (index >= uniforms.outShape) { return; }
        ${body}
      }`,
  });
  return { ...output, shape: outputShape };
}
