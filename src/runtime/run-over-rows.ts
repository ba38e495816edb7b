import type * as tf from '@tensorflow/tfjs';
import { runWebGpu, type Shader } from './run-webgpu';

/** A shader in which a group of `lanes` threads, a power of 2, walks along each row. */
export interface RowsShader extends Pick<Shader, 'name' | 'inputs' | 'integers' | 'floats'> {
  rows: number;
  lanes: number;
  outputShape: number[];
  /**
   * WGSL, the body of a function that gets `row`, `lane` and `isRow`: false in groups past the last
   * row, which must come as far as the others where lanes meet, in `sumOfLanes` and `maxOfLanes`
   */
  body: string;
}

/** Runs a group of threads for each row; `sumOfLanes(lane, value)` and `maxOfLanes` join them. */
export function runOverRows(
  backend: unknown,
  { rows, lanes, body, ...rest }: RowsShader,
): tf.TensorInfo {
  return runWebGpu(backend, {
    ...rest,
    integers: { rows, ...rest.integers },
    workgroupSize: lanes,
    workgroups: rows,
    code: `
      var<workgroup> parts : array<f32, ${lanes}>;
      ${reduction('sumOfLanes', 'parts[lane] + parts[lane + half]', lanes)}
      ${reduction('maxOfLanes', 'max(parts[lane], parts[lane + half])', lanes)}

      fn main(index : i32) {
        let row = index / ${lanes};
        let lane = index % ${lanes};
        let isRow = row < uniforms.rows;
        ${body}
      }`,
  });
}

function reduction(name: string, joined: string, lanes: number): string {
  return `
      fn ${name}(lane : i32, value : f32) -> f32 {
        parts[lane] = value;
        workgroupBarrier();
        for (var half = ${lanes / 2}; half > 0; half = half / 2) {
          if (lane < half) { parts[lane] = ${joined}; }
          workgroupBarrier();
        }
        let all = parts[0];
        workgroupBarrier(); // before the next values come
        return all;
      }`;
}
