/** Rows that are taken together, so that what is written fills whole lines of the cache. */
const PART = 32;

/** Transposes a matrix on the host: [rows, columns] -> [columns, rows], both row by row. */
export function transpose(
  values: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let top = 0; top < rows; top += PART) {
    const bottom = Math.min(top + PART, rows);
    for (let column = 0; column < columns; column++) {
      const start = column * rows;
      for (let row = top; row < bottom; row++) {
        transposed[start + row] = values[row * columns + column] as number;
      }
    }
  }
  return transposed;
}
