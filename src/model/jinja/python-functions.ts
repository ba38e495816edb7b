import { isList, isMap, isNumber, isText, type RuntimeValue } from './runtime-value';
import { type Ends, strip } from './strip';
import { textOf } from './text-of';
import { toJson } from './to-json';

/** What a part of a template does in Python, where the library's runtime does otherwise. */
type PythonFunction = (...args: RuntimeValue[]) => RuntimeValue | string | boolean;

/** Functions that `asInPython` calls, by the names that it gives them, which no template can write. */
export const PYTHON_FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
  '{{}}': (value) => textOf(value),
  '~': (a, b) => textOf(a) + textOf(b),
  '+': (a, b) => add(a, b),
  '==': (a, b) => isEqual(a, b),
  '!=': (a, b) => !isEqual(a, b),
  '.strip': (text, characters) => stripped('both', text, characters),
  '.lstrip': (text, characters) => stripped('start', text, characters),
  '.rstrip': (text, characters) => stripped('end', text, characters),
  '.title': (text) => textIn(text).replace(/\p{L}+/gu, capitalize),
  '.capitalize': (text) => capitalize(textIn(text)),
  '|title': (value) => textOf(value).replace(/[^\s({[<-]+/g, capitalize),
  '|capitalize': (value) => capitalize(textOf(value)),
  '|trim': (value, characters) => strip(textOf(value), 'both', charactersOf(characters)),
  '|tojson': (value, options) => toJson(value, options),
};

function stripped(ends: Ends, text?: RuntimeValue, characters?: RuntimeValue): string {
  return strip(textIn(text), ends, charactersOf(characters));
}

function textIn(one?: RuntimeValue): string {
  if (one && isText(one)) return one.value;
  throw new Error(`a text must come before the dot, got ${one?.type ?? 'nothing'}`);
}

function charactersOf(given?: RuntimeValue): string | undefined {
  return given && isText(given) ? given.value : undefined;
}

function capitalize(text: string): string {
  const [first = '', ...rest] = text;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** @throws Error if one is a text and the other is not, which the library joins */
function add(a: RuntimeValue, b: RuntimeValue): RuntimeValue | string {
  if (isText(a) && isText(b)) return a.value + b.value;
  if (isList(a) && isList(b)) return valueLike(a, [...a.value, ...b.value]);
  if (isNumber(a) && isNumber(b)) {
    return valueLike(a.type === 'FloatValue' ? a : b, a.value + b.value);
  }
  throw new Error(
    `${a.type} and ${b.type} can't be added; a message's content must be a text for this template`,
  );
}

/** The runtime's classes are not exported. */
function valueLike(one: RuntimeValue, value: unknown): RuntimeValue {
  return new (one.constructor as new (value: unknown) => RuntimeValue)(value);
}

/** The library takes '1' for 1, and compares lists by whether they are the same. */
function isEqual(a: RuntimeValue, b: RuntimeValue): boolean {
  if (isList(a) && isList(b)) {
    return a.value.length === b.value.length && a.value.every((x, i) => isSame(x, b.value[i]));
  }
  if (isMap(a) && isMap(b)) {
    return (
      a.value.size === b.value.size && [...a.value].every(([k, x]) => isSame(x, b.value.get(k)))
    );
  }
  if (isCount(a.value) && isCount(b.value)) return Number(a.value) === Number(b.value);
  return a.value === b.value && (a.value !== undefined || a.type === b.type);
}

const isSame = (a: RuntimeValue, b?: RuntimeValue) => b !== undefined && isEqual(a, b);

/** True equals 1 in Python. */
const isCount = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';
