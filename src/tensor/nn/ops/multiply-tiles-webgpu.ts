import type * as tf from '@tensorflow/tfjs';
import { runWebGpu } from '../../op';
import { shaderOf, shapeOf, type SumOfProducts } from './sum-of-products';

/** Fewer groups than this leave a GPU idle; smaller tiles make more groups. */
const ENOUGH_GROUPS = 64;

/**
 * Computes the sum in one dispatch. A group of 16 x 16 threads, or 8 x 8, computes a tile of the
 * output, 4 x 4 numbers each thread. It walks along the inner axis in steps of 16 or 8, and copies
 * that part of L and R to workgroup memory, in vectors of four numbers along the tile.
 */
export function multiplyTiles(sum: SumOfProducts): tf.TensorInfo {
  const { products, transpose } = sum;
  const [n, columns] = shapeOf(sum);
  const { name, functions, ...given } = shaderOf(sum);
  const threads = Math.ceil(n / 64) * Math.ceil(columns / 64) < ENOUGH_GROUPS ? 8 : 16;
  const tile = 4 * threads;
  return runWebGpu({
    name: `multiply_tiles_${name}`,
    ...given,
    outputShape: [n, columns],
    workgroupSize: threads * threads,
    workgroups: Math.ceil(columns / tile) * Math.ceil(n / tile),
    code: `
    // One element of padding a row: else all numbers of a column would be in one memory bank.
    var<workgroup> leftTile : array<array<vec4<f32>, ${threads + 1}>, ${threads}>;
    var<workgroup> rightTile : array<array<vec4<f32>, ${threads + 1}>, ${threads}>;
    ${functions}
    ${products.map((_, i) => readers(i, transpose)).join('')}

    fn main(index : i32) {
      let across = index % ${threads};
      let down = index / ${threads} % ${threads};
      let group = index / ${threads * threads};
      let groupsAcross = (uniforms.outShape.y + ${tile - 1}) / ${tile};
      let firstColumn = group % groupsAcross * ${tile};
      let row = group / groupsAcross * ${tile} + 4 * down;
      let column = firstColumn + 4 * across;
      var sums : array<vec4<f32>, 4>;
      ${products.map((_, i) => addProduct(i, transpose, threads)).join('')}
      for (var i = 0; i < 4; i = i + 1) {
        if (row + i >= uniforms.outShape.x) { break; }
        for (var j = 0; j < 4 && column + j < uniforms.outShape.y; j = j + 1) {
          result[(row + i) * uniforms.outShape.y + column + j] =
              finish(row + i, column + j, sums[i][j]);
        }
      }
    }`,
  });
}

/** Functions that read four numbers, of neighbouring rows of L or columns of R; 0 outside. */
function readers(i: number, transpose: boolean): string {
  const index = transpose ? 'column * inners + inner' : 'inner * columns + column';
  return `
    fn left${i}At(row : i32, inner : i32) -> f32 {
      let left = uniforms.left${i}Shape;
      if (row < left.x && inner < left.y) { return left${i}[row * left.y + inner]; }
      return 0.0;
    }
    fn right${i}At(inner : i32, column : i32) -> f32 {
      let inners = uniforms.left${i}Shape.y;
      let columns = uniforms.outShape.y;
      if (inner < inners && column < columns) { return right${i}(${index}); }
      return 0.0;
    }
    fn left${i}Rows(row : i32, k : i32) -> vec4<f32> {
      return vec4<f32>(${four((j) => `left${i}At(row + ${j}, k)`)});
    }
    fn right${i}Columns(k : i32, column : i32) -> vec4<f32> {
      return vec4<f32>(${four((j) => `right${i}At(k, column + ${j})`)});
    }`;
}

/** Adds product i. Neighbouring threads read neighbouring numbers. */
function addProduct(i: number, transpose: boolean, threads: number): string {
  const readRight = transpose
    ? `rightTile[across][down] = right${i}Columns(start + across, firstColumn + 4 * down);`
    : `rightTile[down][across] = right${i}Columns(start + down, column);`;
  return `
      for (var start = 0; start < uniforms.left${i}Shape.y; start = start + ${threads}) {
        leftTile[across][down] = left${i}Rows(row, start + across);
        ${readRight}
        workgroupBarrier();
        for (var k = 0; k < ${threads}; k = k + 1) {
          let l = leftTile[k][down];
          let r = rightTile[k][across];
          ${four((j) => `sums[${j}] = sums[${j}] + l[${j}] * r;`, ' ')}
        }
        workgroupBarrier();
      }`;
}

function four(of: (j: number) => string, separator = ', '): string {
  return [0, 1, 2, 3].map(of).join(separator);
}
