import * as tf from '@tensorflow/tfjs';
import { type Random, read } from '../../tensor/runtime';

/** A float64 matrix on the host, in row-major order. */
export interface Matrix {
  shape: [rows: number, columns: number];
  values: number[];
}

/** Draws entries from N(0, 1). */
export async function drawMatrix(random: Random, rows: number, columns: number): Promise<Matrix> {
  const tensor = random.normal<tf.Rank.R2>([rows, columns], 0, 1);
  const values = [...(await read(tensor))];
  tensor.dispose();
  return { shape: [rows, columns], values };
}

/** A B */
export function times(a: Matrix, b: Matrix): Matrix {
  const [rows, inner] = a.shape;
  const columns = b.shape[1];
  const values = Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let l = 0; l < inner; l++) sum += at(a, i, l) * at(b, l, j);
    return sum;
  });
  return { shape: [rows, columns], values };
}

/** Multiplies entry by entry; both must have one shape. */
export function timesEntries(a: Matrix, b: Matrix): Matrix {
  return { shape: a.shape, values: a.values.map((value, i) => value * (b.values[i] ?? NaN)) };
}

/** A + s B */
export function plus(a: Matrix, b: Matrix, s: number): Matrix {
  return { shape: a.shape, values: a.values.map((value, i) => value + s * (b.values[i] ?? NaN)) };
}

/** s A */
export function scale(a: Matrix, s: number): Matrix {
  return { shape: a.shape, values: a.values.map((value) => s * value) };
}

/** Aᵀ */
export function transpose(a: Matrix): Matrix {
  const [rows, columns] = a.shape;
  const values = a.values.map((_, index) => at(a, index % rows, Math.floor(index / rows)));
  return { shape: [columns, rows], values };
}

/** Creates a variable of any rank, so that an answer that changes its input in place is noticed. */
export function toVariable({ shape, values }: { shape: number[]; values: number[] }): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

function at({ shape, values }: Matrix, i: number, j: number): number {
  return values[i * shape[1] + j] ?? NaN;
}
