import type * as tf from '@tensorflow/tfjs';
import { runWebGpu, type Shader } from './run-webgpu';
import { ENABLE_SUBGROUPS, SUBGROUPS, type WebGpuBackend } from './webgpu-backend';

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
  { name, rows, lanes, body, ...rest }: RowsShader,
): tf.TensorInfo {
  const hasSubgroups = (backend as WebGpuBackend).device.features.has(SUBGROUPS);
  return runWebGpu(backend, {
    ...rest,
    name: hasSubgroups ? `${name}_subgroups` : name,
    integers: { rows, ...rest.integers },
    workgroupSize: lanes,
    workgroups: rows,
    code: `
      ${hasSubgroups ? ENABLE_SUBGROUPS : ''}
      var<workgroup> parts : array<f32, ${lanes}>;
      ${(hasSubgroups ? joinSubgroups : joinPairs)(lanes)}

      fn main(index : i32) {
        let row = index / ${lanes};
        let lane = index % ${lanes};
        let isRow = row < uniforms.rows;
        ${body}
      }`,
  });
}

/** Half of the lanes take in the other half, again and again. */
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
 * The lanes of a subgroup join without memory. One of them leaves the result there, and each
 * subgroup joins all of these: how large it is, and which lanes it has, makes no difference.
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
