import * as tf from '@tensorflow/tfjs';
import { runWebGpu, type Shader } from './run-webgpu';
import { ENABLE_SUBGROUPS, SUBGROUPS, webGpuBackend } from './webgpu-backend';

/** A shader in which a group of `lanes` threads, a power of 2, walks along each row. */
export interface RowsShader extends Pick<Shader, 'name' | 'inputs' | 'integers' | 'floats'> {
  /** the input along whose rows the lanes walk: its last axis */
  rowsOf: tf.TensorInfo;
  /** by default the shape of that input */
  outputShape?: number[];
  lanes: number;
  /**
   * WGSL, the body of a function that gets `row`, `lane`, the index `first` of the row's first number,
   * and the `end` of j in `first + j`: the width, or 0 in groups past the last row, where `isRow` is
   * false. These groups too must reach each `sumOfLanes` and `maxOfLanes`, where lanes meet.
   */
  body: string;
  /** whether lanes are joined by subgroup functions; by default if the device has them */
  subgroups?: boolean;
}

/** Runs a group of threads for each row; `sumOfLanes(lane, value)` and `maxOfLanes` join them. */
export function runOverRows({
  name,
  rowsOf: { shape },
  outputShape = shape,
  lanes,
  body,
  subgroups = webGpuBackend().device.features.has(SUBGROUPS),
  ...rest
}: RowsShader): tf.TensorInfo {
  const rows = tf.util.sizeFromShape(shape.slice(0, -1));
  const width = shape.at(-1) as number;
  return runWebGpu({
    ...rest,
    outputShape,
    name: subgroups ? `${name}_subgroups` : name,
    integers: { rows, width, ...rest.integers },
    workgroupSize: lanes,
    workgroups: rows,
    code: `
      ${subgroups ? ENABLE_SUBGROUPS : ''}
      var<workgroup> parts : array<f32, ${lanes}>;
      ${(subgroups ? joinSubgroups : joinPairs)(lanes)}

      fn main(index : i32) {
        let row = index / ${lanes};
        let lane = index % ${lanes};
        let isRow = row < uniforms.rows;
        let first = row * uniforms.width;
        let end = select(0, uniforms.width, isRow);
        ${body}
      }`,
  });
}

/** Joins pairs of lanes: half of the lanes take in the other half, until one lane is left. */
function joinPairs(lanes: number): string {
  const join = (name: string, joined: string) => `
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
  return (
    join('sumOfLanes', 'parts[lane] + parts[lane + half]') +
    join('maxOfLanes', 'max(parts[lane], parts[lane + half])')
  );
}

/**
 * Joins the lanes of each subgroup without memory. One lane writes its subgroup's result to memory,
 * and each subgroup joins these results: neither its size nor which lanes it has makes a difference.
 */
function joinSubgroups(lanes: number): string {
  const join = (name: string, builtin: string, neutral: string, joined: string) => `
      fn ${name}(lane : i32, value : f32) -> f32 {
        let part = ${builtin}(value);
        parts[lane] = select(${neutral}, part, subgroupElect());
        workgroupBarrier();
        let size = subgroupAdd(1);
        var rest = ${neutral};
        for (var i = subgroupExclusiveAdd(1); i < ${lanes}; i = i + size) { rest = ${joined}; }
        let all = ${builtin}(rest);
        workgroupBarrier(); // before the next values come
        return all;
      }`;
  return (
    join('sumOfLanes', 'subgroupAdd', '0.0', 'rest + parts[i]') +
    join('maxOfLanes', 'subgroupMax', '-3.4e38', 'max(rest, parts[i])')
  );
}
