import * as tf from '@tensorflow/tfjs';
import { LEVELS } from '../levels';
import { SCALE_LEVELS, SCALES_BLOCK } from '../quantize';
import type { QuantizedMatMulAttrs, QuantizedMatMulInputs } from './quantized-matmul';
import type { WebGpuBackend, WebGpuProgram } from '../../runtime';

/** The inner axis is walked in steps of so many; a workgroup has TILE x TILE threads. */
const TILE = 16;
/** Rows of the output that a thread computes, so that each weight is unpacked for more of them. */
const ROWS = 4;

/**
 * The kernel on WebGPU: weights are unpacked on their way into workgroup memory, and multiplied
 * there; none is ever written back. A workgroup makes ROWS · TILE rows and TILE columns of the
 * output.
 */
export const quantizedMatMulWebGpu: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, packed, scales } = inputs as QuantizedMatMulInputs;
  const { shape, type, blockSize, scalesInBytes, transpose } =
    attrs as unknown as QuantizedMatMulAttrs;
  const [d, k] = shape;
  const gpu = backend as WebGpuBackend;
  const program = matMulProgram([x.shape[0], transpose ? d : k], transpose, scalesInBytes);
  const levels = tf.tensor1d([...LEVELS[type], ...SCALE_LEVELS]);
  const uniforms = [transpose ? k : d, blockSize, Math.ceil((d * k) / 8), scales.size - 1];
  const output = gpu.runWebGPUProgram(
    program,
    [x, packed, scales, levels],
    'float32',
    uniforms.map((value) => ({ type: 'int32', data: [value] })),
  );
  levels.dispose();
  return output;
};

function matMulProgram(
  outputShape: [n: number, columns: number],
  transpose: boolean,
  scalesInBytes: boolean,
): WebGpuProgram {
  const [n, columns] = outputShape;
  return {
    variableNames: ['x', 'packed', 'scales', 'levels'],
    outputShape,
    shaderKey: `quantized_matmul_${transpose}_${scalesInBytes}`,
    dispatchLayout: { x: [1], y: [0] },
    dispatch: [Math.ceil(columns / TILE), Math.ceil(n / (ROWS * TILE)), 1],
    workgroupSize: [TILE, TILE, 1],
    uniforms: 'inner : i32, blockSize : i32, firstScale : i32, offsetAt : i32,',
    getUserCode: () => weightCode(scalesInBytes) + multiplyCode(transpose),
  };
}

/** W by its index, row by row. Of a byte the high half comes first: i ^ 1. */
function weightCode(scalesInBytes: boolean): string {
  const inBytes = `
      let code = (packed[uniforms.firstScale + block / 4] >> u32(8 * (block % 4))) & 255;
      return levels[16 + code] * scales[block / ${SCALES_BLOCK}] + scales[uniforms.offsetAt];`;
  return `
    fn scaleAt(block : i32) -> f32 {
      ${scalesInBytes ? inBytes : 'return scales[block];'}
    }
    fn weightAt(index : i32) -> f32 {
      let code = (packed[index / 8] >> u32(4 * ((index % 8) ^ 1))) & 15;
      return levels[code] * scaleAt(index / uniforms.blockSize);
    }`;
}

/** x Wᵀ or x W; neighbouring threads always read neighbouring weights. */
function multiplyCode(transpose: boolean): string {
  const [inner, column] = transpose ? ['left', 'top'] : ['top', 'left'];
  const index = transpose ? 'column * uniforms.inner + inner' : 'inner * columns + column';
  return `
    var<workgroup> xTile : array<array<f32, ${TILE}>, ${ROWS * TILE}>;
    var<workgroup> weightTile : array<array<f32, ${TILE}>, ${TILE}>;

    fn main() {
      let left = i32(localId.x);
      let top = i32(localId.y);
      let firstRow = i32(workgroupId.y) * ${ROWS * TILE};
      let firstColumn = i32(workgroupId.x) * ${TILE};
      let rows = uniforms.outShape.x;
      let columns = uniforms.outShape.y;
      var sums : array<f32, ${ROWS}>;

      for (var start = 0; start < uniforms.inner; start = start + ${TILE}) {
        for (var i = 0; i < ${ROWS}; i = i + 1) {
          let row = firstRow + top + i * ${TILE};
          var value = 0.0;
          if (row < rows && start + left < uniforms.inner) {
            value = x[row * uniforms.inner + start + left];
          }
          xTile[top + i * ${TILE}][left] = value;
        }
        let inner = start + ${inner};
        let column = firstColumn + ${column};
        var weight = 0.0;
        if (inner < uniforms.inner && column < columns) { weight = weightAt(${index}); }
        weightTile[${inner}][${column}] = weight;
        workgroupBarrier();

        for (var j = 0; j < ${TILE}; j = j + 1) {
          let factor = weightTile[j][left];
          for (var i = 0; i < ${ROWS}; i = i + 1) {
            sums[i] = sums[i] + xTile[top + i * ${TILE}][j] * factor;
          }
        }
        workgroupBarrier();
      }

      for (var i = 0; i < ${ROWS}; i = i + 1) {
        let row = firstRow + top + i * ${TILE};
        if (row < rows && firstColumn + left < columns) {
          result[row * columns + firstColumn + left] = sums[i];
        }
      }
    }`;
}
