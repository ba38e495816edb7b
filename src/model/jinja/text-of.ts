import { isNumber, isText, type RuntimeValue } from './runtime-value';

/**
 * Writes a value as Python's str does: True, None, 2.0, 1e-07.
 * @throws Error for lists and objects: their notation is not built, and JSON would be another text
 */
export function textOf(one: RuntimeValue): string {
  if (isText(one)) return one.value;
  if (isNumber(one)) return one.type === 'FloatValue' ? floatText(one.value) : String(one.value);
  if (typeof one.value === 'boolean') return one.value ? 'True' : 'False';
  if (one.type === 'UndefinedValue') return '';
  if (one.type === 'NullValue') return 'None';
  throw new Error(
    `${one.type} can't be written as text; a message's content must be a text for this template`,
  );
}

function floatText(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
