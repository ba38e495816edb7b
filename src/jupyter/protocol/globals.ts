const globals = globalThis as unknown as Record<string, unknown>;

/** Standard objects, such as `JSON` or `Map`, and two of Node's, as they were when the kernel started. */
const STANDARD: { name: string; value: unknown }[] = [
  { name: 'Buffer', value: Buffer },
  { name: 'process', value: process },
  ...Object.entries(Object.getOwnPropertyDescriptors(globalThis))
    .filter(([name, { value }]) => /^[A-Z]/.test(name) && value)
    .map(([name, { value }]) => ({ name, value: value as unknown })),
];

/**
 * Runs synchronous work of the kernel with the standard objects that it started with. A cell may
 * have replaced them: by a mock of `Date`, or by a variable of its own that lacks its `let`.
 */
export function withOwnGlobals<T>(work: () => T): T {
  const replaced = STANDARD.filter(({ name, value }) => globals[name] !== value);
  if (replaced.length === 0) return work();
  const before = replaced.map(({ name }) => ({ name, value: globals[name] }));
  setAll(replaced);
  try {
    return work();
  } finally {
    setAll(before);
  }
}

function setAll(values: { name: string; value: unknown }[]): void {
  for (const { name, value } of values) globals[name] = value;
}
