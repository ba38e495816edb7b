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
  /** of a tensor; float32 unless given */
  dtype?: 'int32';
}

/** One number. */
export function number(value: number): Values {
  return { form: 'number', shape: [], values: [value] };
}

/** A plain list. */
export function list(values: ArrayLike<number>): Values {
  return { form: 'list', shape: [values.length], values };
}

/** A tensor. */
export function tensor({ shape, values }: { shape: number[]; values: number[] }): Values {
  return { form: 'tensor', shape, values };
}

/** A tensor of integers. */
export function integers({ shape, values }: { shape: number[]; values: number[] }): Values {
  return { form: 'tensor', shape, values, dtype: 'int32' };
}

export const RETURNED_UNDEFINED = 'returned undefined: is a `return` missing?';

/** Reads a returned value in the expected form; returns a string that describes any other. */
export async function readValues(
  value: unknown,
  { form, dtype }: Pick<Values, 'form' | 'dtype'>,
): Promise<Values | string> {
  if (value === undefined) return RETURNED_UNDEFINED;
  if (value instanceof Promise) return 'a Promise: is an `await` missing?';
  if (isTensor(value)) return readTensor(value, form, dtype);
  if (form === 'number' && typeof value === 'number') return number(value);
  if (form === 'list' && isListOfNumbers(value)) return list(value);
  if (form === 'list' && Array.isArray(value)) return describeStranger(value);
  const strange = `${describeKind(value)} where ${FORMS[form]} is asked for`;
  return form === 'tensor' ? strange + adviceFor(value) : strange;
}

function adviceFor(value: unknown): string {
  if (isOfOperators(value)) {
    return ': tensors have no operators, write a.add(b), a.mul(s), tf.matMul(a, b)';
  }
  const isNumbers = Array.isArray(value) || ArrayBuffer.isView(value);
  return isNumbers ? ': return the tensor itself, not its numbers' : '';
}

/** Whether this is what JavaScript makes of a tensor in `a + b` or `a * b`: its text, or NaN. */
function isOfOperators(value: unknown): boolean {
  return Number.isNaN(value) || (typeof value === 'string' && /Tensor|NaN/.test(value));
}

/** Names the first entry of a list that is no number. */
function describeStranger(values: unknown[]): string {
  const at = values.findIndex((one) => typeof one !== 'number');
  const one = values[at];
  const entry = `entry ${at} of the list is`;
  if (one === undefined)
    return `${entry} undefined: is a \`return\` missing, or is an index too large?`;
  if (one instanceof Promise) return `${entry} a Promise: is an \`await\` missing?`;
  return `${entry} ${describeKind(one)} where a plain number is asked for`;
}

const FORMS: Record<Form, string> = {
  tensor: 'a tensor',
  list: 'a plain list of numbers',
  number: 'a plain number',
};

async function readTensor(
  value: tf.Tensor,
  form: Form,
  dtype: tf.DataType = 'float32',
): Promise<Values | string> {
  if (form !== 'tensor') return `a tensor where ${FORMS[form]} is asked for: read it first`;
  if (value.isDisposed) return 'a disposed tensor: return it from tf.tidy to keep it';
  if (value.dtype !== dtype) {
    return `a tensor of dtype ${value.dtype} where ${dtype} is asked for`;
  }
  const floats = value.toFloat();
  try {
    return { form, shape: value.shape, values: await read(floats) };
  } finally {
    floats.dispose();
  }
}

function isListOfNumbers(value: unknown): value is ArrayLike<number> {
  return isTypedArray(value)
    ? typeof value[0] !== 'bigint'
    : Array.isArray(value) && value.every((one) => typeof one === 'number');
}

export function isTypedArray(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

export function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no class'})`;
  if (typeof value === 'string') return `the text '${shorten(value)}'`;
  return `a ${typeof value}`;
}

/** Characters of a text that a verdict shows at most. */
const MOST_CHARACTERS = 60;

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}
