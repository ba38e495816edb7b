import { factory, type CallExpression, type Expression } from '@tslab/typescript-for-tslab';

/** What compiled cells call: members of tslab's global object `__tslab__`. */
export interface KernelCalls {
  /** takes variables that the cell has declared: an object that holds them or has accessors */
  publish(variables: object): void;
  /** takes the value of an expression at the cell's end */
  last(value: unknown): void;
  /** returns a value that is about to be awaited, or a promise of it that lets the event loop turn */
  turn(value: unknown): unknown;
  /** does so with an object whose `then`, `catch` or `finally` is about to be called, if it is a promise */
  turnPromise(value: unknown): unknown;
}

/** Makes the code of a call such as `__tslab__.turn(value)`. */
export function callKernel(name: keyof KernelCalls, value: Expression): CallExpression {
  const callee = factory.createPropertyAccessExpression(
    factory.createIdentifier('__tslab__'),
    name,
  );
  return factory.createCallExpression(callee, undefined, [value]);
}
