/**
 * Orders rows of q or k by halves, as Hugging Face's rotation takes them: row i of a head is row 2i
 * of the file, and row i + size/2 is row 2i + 1.
 * @param values [heads * size, width]
 * @param size rows of a head, even
 */
export function halvesOf(values: Float32Array, size: number, width: number): Float32Array {
  const ordered = new Float32Array(values.length);
  const rows = values.length / width;
  for (let row = 0; row < rows; row++) {
    const [head, place] = [Math.floor(row / size) * size, row % size];
    const from = head + (place < size / 2 ? 2 * place : 2 * place - size + 1);
    ordered.set(values.subarray(from * width, (from + 1) * width), row * width);
  }
  return ordered;
}
