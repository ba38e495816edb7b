/** Transposes a matrix on the host: [rows, columns] -> [columns, rows], both row by row. */
export function transpose(
  values: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return transposed;
}
