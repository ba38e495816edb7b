import type { HostIntegers } from '../../tensor/nn';

/**
 * Orders rows of q or k by halves, as Hugging Face's rotation takes them: row i of a head is row 2i
 * of the file, and row i + size/2 is row 2i + 1.
 * @param values [heads * size, width], or what belongs to its rows
 * @param size rows of a head, even
 */
export function halvesOf<T extends Float32Array | Int8Array>(
  values: T,
  size: number,
  width: number,
): T {
  const ordered = values.slice() as T;
  const rows = values.length / width;
  for (let row = 0; row < rows; row++) {
    const [head, place] = [Math.floor(row / size) * size, row % size];
    const from = head + (place < size / 2 ? 2 * place : 2 * place - size + 1);
    ordered.set(values.subarray(from * width, (from + 1) * width), row * width);
  }
  return ordered;
}

/** The same of rows that are integers. */
export function integersByHalves(
  { codes, scales, offsets, ...form }: HostIntegers,
  size: number,
  rows: number,
): HostIntegers {
  const order = <T extends Float32Array | Int8Array>(values: T) =>
    halvesOf(values, size, values.length / rows);
  return {
    ...form,
    codes: order(codes),
    scales: order(scales),
    offsets: offsets && order(offsets),
  };
}
