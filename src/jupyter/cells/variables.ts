import { runningCell } from '../protocol';

/** The kernel's own: a cell may replace the global ones. */
const { Reflect, Set } = globalThis;

/** Keeps a cell from locking the object, so that later cells could not declare anything. */
const UNLOCKED: ProxyHandler<Record<string, unknown>> = {
  preventExtensions: () => false,
  defineProperty: (values, name, descriptor) =>
    // TypeScript marks what it takes for the exports of a module.
    name === '__esModule' ||
    Reflect.defineProperty(values, name, { ...descriptor, configurable: true }),
};

/** The variables that all cells have declared. */
export class Variables {
  /** Their values by name. An assignment changes the variable of the cell that has declared it. */
  readonly values: Record<string, unknown> = new Proxy<Record<string, unknown>>({}, UNLOCKED);
  private declared = new Set<string>();

  /** Starts a cell. Returns the set of the variables that it has come to declare so far. */
  begin(): ReadonlySet<string> {
    return (this.declared = new Set());
  }

  /** Takes what the running cell has declared: an object that holds variables, or has accessors. */
  readonly publish = (variables: object): void => {
    // An interrupted cell may wake up once more, when others have declared the same names.
    if (runningCell()?.interrupted) return;
    for (const name of Reflect.ownKeys(variables) as string[]) {
      const own = Reflect.getOwnPropertyDescriptor(variables, name) ?? {};
      Reflect.defineProperty(this.values, name, own);
      this.declared.add(name);
    }
  };
}
