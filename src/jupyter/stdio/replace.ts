/** A function that is called as a method, or as it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Method = (this: any, ...args: any[]) => any;

/** Replaces a function by one made of it, with its properties: `util.promisify` reads some. */
export function replace(
  holder: object,
  name: string | symbol,
  make: (own: Method) => Method,
): void {
  const functions = holder as Record<string | symbol, Method>;
  const own = functions[name] as Method;
  const made = make(own);
  functions[name] = Object.defineProperties(made, Object.getOwnPropertyDescriptors(own));
}
