import type * as tf from '@tensorflow/tfjs';
import { runWebGpu } from '../../op';
import { shaderOf, shapeOf, type SumOfProducts } from './sum-of-products';

/** Threads that share a number of the output; each sums a part of the inner axis. */
const LANES = 32;
const COLUMNS = 8;

/**
 * Computes the sum in one dispatch, for outputs of few rows or few columns. A group of threads
 * computes COLUMNS columns of up to 8 rows, and reads a number of R once for all these rows.
 */
export function multiplyThin(sum: SumOfProducts): tf.TensorInfo {
  const [n, columns] = shapeOf(sum);
  const { name, functions, ...given } = shaderOf(sum);
  const rows = Math.min(n, 8);
  const each: Each = (line) => Array.from({ length: rows }, (_, i) => line(i)).join(' ');
  return runWebGpu({
    name: `multiply_thin_${rows}_${name}`,
    ...given,
    outputShape: [n, columns],
    workgroupSize: LANES * COLUMNS,
    workgroups: Math.ceil(columns / COLUMNS) * Math.ceil(n / rows),
    code: `
    var<workgroup> parts : array<array<array<f32, ${LANES}>, ${rows}>, ${COLUMNS}>;
    ${functions}

    fn main(index : i32) {
      let lane = index % ${LANES};
      let place = index / ${LANES} % ${COLUMNS};
      let group = index / ${LANES * COLUMNS};
      let lastRow = uniforms.outShape.x - 1;
      let columns = uniforms.outShape.y;
      let groupsAcross = (columns + ${COLUMNS - 1}) / ${COLUMNS};
      let firstRow = group / groupsAcross * ${rows};
      let column = group % groupsAcross * ${COLUMNS} + place;
      ${each((i) => `var sum${i} = 0.0;`)}
      if (column < columns) {
        ${sum.products.map((_, i) => addProduct(i, sum.transpose, each)).join('')}
      }
      ${each((i) => `parts[place][${i}][lane] = sum${i};`)}
      workgroupBarrier();

      let row = firstRow + lane;
      if (lane < ${rows} && row <= lastRow && column < columns) {
        var sum = 0.0;
        for (var i = 0; i < ${LANES}; i = i + 1) { sum = sum + parts[place][lane][i]; }
        result[row * columns + column] = finish(row, column, sum);
      }
    }`,
  });
}

/** Repeats a line of code for each row. */
type Each = (line: (row: number) => string) => string;

/** Adds product i. Rows past the last repeat the last, and are not written. */
function addProduct(i: number, transpose: boolean, each: Each): string {
  const index = transpose ? 'column * inner + j' : 'j * columns + column';
  return `{
          let inner = uniforms.left${i}Shape.y;
          ${each((row) => `let first${row} = min(firstRow + ${row}, lastRow) * inner;`)}
          for (var j = lane; j < inner; j = j + ${LANES}) {
            let factor = right${i}(${index});
            ${each((row) => `sum${row} = sum${row} + left${i}[first${row} + j] * factor;`)}
          }
        }`;
}
