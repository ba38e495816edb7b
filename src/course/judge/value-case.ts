import * as tf from '@tensorflow/tfjs';
import { read } from '../../tensor/runtime';
import { callAnswer, tensorsIn } from './call-answer';
import {
  agree,
  findFactor,
  findMistake,
  formatBoth,
  formatNumber,
  formatValues,
  largestDifference,
  shapeOf,
  type Suspects,
} from './compare';
import type { Answer, Case, Finding } from './exercise';
import {
  describeKind,
  isTensor,
  isTypedArray,
  readValues,
  RETURNED_UNDEFINED,
  type Values,
} from './values';

interface Call {
  /** the arguments in order, keyed by their names in the notebook */
  args: Record<string, unknown>;
}

/** A call with its expected result and the results of known mistakes. */
interface SingleCase extends Call {
  expected: Values;
  suspects?: Suspects;
}

/** A call that must return an object with these properties. */
interface ObjectCase extends Call {
  expected: Record<string, Values>;
  suspects?: Record<string, Suspects>;
}

export type ValueCase = SingleCase | ObjectCase;

/** Creates a case that calls the answer, compares the result and frees the arguments. */
export function valueCase(spec: ValueCase): Case {
  const named = Object.entries(spec.args)
    .map(([name, value]) => `${name} ${describeArgument(value)}`)
    .join(', ');
  const input = named || 'no arguments';
  return { input, examine: (answer) => examine(answer, input, spec) };
}

type Outcome = Omit<Finding, 'input'>;

const NOT_NEW =
  'the result is a tensor that was there before the call: compute it from the arguments';

async function examine(answer: Answer, input: string, spec: ValueCase): Promise<Finding> {
  const args = Object.values(spec.args);
  const before = await Promise.all(args.map(snapshot));
  let returned: tf.Tensor[] = [];
  try {
    const { value, newTensors, isNew } = await callAnswer(answer, args, input);
    const results = tensorsIn(value).filter((one) => !args.includes(one));
    returned = results.filter(isNew);
    const expected = formatExpected(spec.expected);
    const harm = returned.length < results.length ? NOT_NEW : await findHarm(spec.args, before);
    if (harm) return { input, passed: false, expected, got: harm, mistake: harm };
    const outcome = await compare(value, spec);
    const leaked = newTensors - returned.length;
    return { input, ...outcome, ...(leaked > 0 && { leaked }) };
  } finally {
    tf.dispose(returned);
    tf.dispose(args.filter(isTensor));
  }
}

async function compare(value: unknown, spec: ValueCase): Promise<Outcome> {
  if (isSingle(spec)) return compareOne(value, spec.expected, spec.suspects ?? {});
  const { expected, suspects = {} } = spec;
  const names = Object.keys(expected).join(', ');
  if (!isRecord(value)) {
    const got = value === undefined ? RETURNED_UNDEFINED : describeKind(value);
    const mistake = value === undefined ? got : `the result must be an object { ${names} }`;
    return { passed: false, expected: formatExpected(expected), got, mistake };
  }
  const passed: string[] = [];
  for (const [name, one] of Object.entries(expected)) {
    const property = value[name];
    if (property === undefined) {
      const got = `{ ${Object.keys(value).join(', ')} }`;
      const mistake = `the result has no ${name}: it must be { ${names} }`;
      return { passed: false, expected: formatExpected(expected), got, mistake };
    }
    const outcome = await compareOne(property, one, suspects[name] ?? {});
    if (!outcome.passed) return prefixed(name, outcome);
    passed.push(`${name}: ${outcome.got}`);
  }
  return { passed: true, expected: formatExpected(expected), got: passed.join('; ') };
}

/** Whether this is an object with names of its own, not a list or a tensor. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isTensor(value);
}

function prefixed(name: string, { expected, got, ...rest }: Outcome): Outcome {
  const named = { ...rest, expected: `${name}: ${expected}`, got: `${name}: ${got}` };
  if (rest.mistake !== undefined) named.mistake = `${name}: ${rest.mistake}`;
  if (rest.everywhere !== undefined) named.everywhere = `${name}: ${rest.everywhere}`;
  return named;
}

async function compareOne(value: unknown, expected: Values, suspects: Suspects): Promise<Outcome> {
  const wanted = formatValues(expected);
  const got = await readValues(value, expected);
  if (typeof got === 'string') return { passed: false, expected: wanted, got, mistake: got };
  if (agree(got, expected)) {
    const difference = largestDifference(got, expected);
    return { passed: true, expected: wanted, got: formatValues(got), difference };
  }
  const mistake = findMistake(got, expected, suspects);
  const everywhere = findFactor(got, expected);
  return {
    passed: false,
    ...formatBoth(got, expected),
    ...(shapeOf(got) === shapeOf(expected) && { difference: largestDifference(got, expected) }),
    ...(mistake !== undefined && { mistake }),
    ...(everywhere !== undefined && { everywhere }),
  };
}

/** Copies an argument that the answer could change. */
async function snapshot(value: unknown): Promise<number[] | undefined> {
  if (isTensor(value)) return [...(await read(value))];
  if (isTypedArray(value)) return Array.from(value);
  return Array.isArray(value) ? (value.flat() as number[]) : undefined;
}

/** Describes a change the answer made to an argument. */
async function findHarm(
  args: Record<string, unknown>,
  before: (number[] | undefined)[],
): Promise<string | undefined> {
  for (const [i, [name, value]] of Object.entries(args).entries()) {
    if (isTensor(value) && value.isDisposed) {
      return `${name} was disposed: it belongs to the caller`;
    }
    const now = await snapshot(value);
    if (now?.join() !== before[i]?.join()) {
      return `${name} was changed in place: return a new ${isTensor(value) ? 'tensor' : 'list'}`;
    }
  }
  return undefined;
}

function isSingle(spec: ValueCase): spec is SingleCase {
  return Array.isArray(spec.expected.shape);
}

function formatExpected(expected: ValueCase['expected']): string {
  if (Array.isArray(expected.shape)) return formatValues(expected as Values);
  return Object.entries(expected as Record<string, Values>)
    .map(([name, values]) => `${name}: ${formatValues(values)}`)
    .join('; ');
}

function describeArgument(value: unknown): string {
  if (isTensor(value)) return shapeOf(value);
  if (typeof value === 'number') return formatNumber(value);
  if (isTypedArray(value) || isLongList(value)) return `[${value.length}]`;
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'number' ? Number(one.toPrecision(4)) : one,
  );
}

function isLongList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 8;
}
