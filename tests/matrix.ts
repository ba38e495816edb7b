import type * as tf from '@tensorflow/tfjs';
import { read } from '../src/tensor/runtime';

/** Rows of numbers in float64 on the host. */
export type Matrix = number[][];

/** The last axis as rows, all others as one. */
export async function matrix(tensor: tf.Tensor): Promise<Matrix> {
  const values = Array.from(await read(tensor));
  const columns = tensor.shape.at(-1) as number;
  return Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  const columns = transpose(b);
  return a.map((row) =>
    columns.map((column) => row.reduce((sum, value, j) => sum + value * (column[j] as number), 0)),
  );
}

export function transpose(a: Matrix): Matrix {
  return (a[0] as number[]).map((_, j) => a.map((row) => row[j] as number));
}

export function add(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((value, j) => value + (b[i]?.[j] as number)));
}
