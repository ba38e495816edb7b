/** One number for all layers, or a function of a layer's name. */
export type ByName = number | ((name: string) => number);

/** The number for the layer of this name. */
export function valueFor(name: string, value: ByName): number {
  return typeof value === 'function' ? value(name) : value;
}

/** Whether a dotted name is the entry or ends with `.entry`: PEFT's rule for lists of targets. */
export function matchesEntry(name: string, entry: string): boolean {
  return name === entry || name.endsWith(`.${entry}`);
}
