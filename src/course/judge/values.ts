import * as tf from '@tensorflow/tfjs';
import { read } from '../../tensor/runtime';

/** Form of a value: a tensor, a plain list of numbers, or one number. */
export type Form = 'tensor' | 'list' | 'number';

/** Numbers with their form. */
export interface Values {
  form: Form;
  /** a list's is [length], a number's [] */
  shape: number[];
  values: ArrayLike<number>;
}

/** One number. */
export function number(value: number): Values {
  return { form: 'number', shape: [], values: [value] };
}

/** A plain list. */
export function list(values: ArrayLike<number>): Values {
  return { form: 'list', shape: [values.length], values };
}

/** A tensor of two axes. */
export function tensor({ shape, values }: { shape: number[]; values: number[] }): Values {
  return { form: 'tensor', shape, values };
}

export const RETURNED_UNDEFINED = 'returned undefined: is a `return` missing?';

/** Reads a returned value in the expected form; returns a string that describes any other. */
export async function readValues(value: unknown, form: Form): Promise<Values | string> {
  if (value === undefined) return RETURNED_UNDEFINED;
  if (value instanceof Promise) return 'a Promise: is an `await` missing?';
  if (isTensor(value)) return readTensor(value, form);
  if (form === 'number' && typeof value === 'number') return number(value);
  if (form === 'list' && isListOfNumbers(value)) return list(value);
  return `${describeKind(value)} where ${FORMS[form]} is asked for`;
}

const FORMS: Record<Form, string> = {
  tensor: 'a tensor',
  list: 'a plain list of numbers',
  number: 'a plain number',
};

async function readTensor(value: tf.Tensor, form: Form): Promise<Values | string> {
  if (form !== 'tensor') return `a tensor where ${FORMS[form]} is asked for: read it first`;
  if (value.isDisposed) return 'a disposed tensor: return it from tf.tidy to keep it';
  if (value.dtype !== 'float32')
    return `a tensor of dtype ${value.dtype} where float32 is asked for`;
  return { form, shape: value.shape, values: await read(value) };
}

function isListOfNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return !(value instanceof DataView);
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

export function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no class'})`;
  if (typeof value === 'string') return `the text '${value}'`;
  return `a ${typeof value}`;
}
