/** A value as the library's runtime holds it. */
export interface RuntimeValue {
  /** such as StringValue, ArrayValue, ObjectValue, NullValue, UndefinedValue */
  type: string;
  /** lists hold such values, objects are maps of them, and null has undefined */
  value: unknown;
}

/** True for a list, and for a tuple. */
export function isList(one: RuntimeValue): one is RuntimeValue & { value: RuntimeValue[] } {
  return Array.isArray(one.value);
}

/** True for an object. */
export function isMap(
  one: RuntimeValue,
): one is RuntimeValue & { value: Map<string, RuntimeValue> } {
  return one.value instanceof Map;
}

/** True for an integer and a float. */
export function isNumber(one: RuntimeValue): one is RuntimeValue & { value: number } {
  return typeof one.value === 'number';
}

/** True for a text. */
export function isText(one: RuntimeValue): one is RuntimeValue & { value: string } {
  return typeof one.value === 'string';
}
