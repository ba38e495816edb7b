import { KernelError } from '../display';
import { look } from '../protocol';
import type { ErrorReport } from './errors';

/** A name that a cell declares, and the source of the declaration. */
export interface Declaration {
  name: string;
  source: string;
  /** the cell's line where the source begins, from 1 */
  line: number;
}

/** Value and origin of a name in the notebook. */
export interface Definition {
  /** current value; undefined if no cell has defined the name */
  value?: unknown;
  /** the cell (`In[3]`) that defined it, the source of the definition, and its first line in the cell */
  origin?: { cell: string; source: string; line: number };
  /** a later cell that redefines it but did not compile, or threw before the definition */
  failed?: { cell: string; message: string };
}

type Known = Omit<Definition, 'value'>;

/** Records which cell has defined which name. */
export class DefinitionLog {
  private readonly known = new Map<string, Known>();

  /** @param values the current values of all names */
  constructor(private readonly values: Record<string, unknown>) {}

  /** Records a cell that is about to run. Call the result with the error it ended with, if any. */
  begin(cell: string, declared: Declaration[]): (error: ErrorReport | undefined) => void {
    const before = declared.map(({ name }) => ({
      name,
      known: this.known.get(name),
      value: this.valueOf(name),
    }));
    // Before the cell runs: it may ask for its own definitions.
    for (const { name, source, line } of declared) {
      this.known.set(name, { origin: { cell, source, line } });
    }
    return (error) => {
      if (error === undefined) return;
      for (const { name, known, value } of before) {
        if (this.valueOf(name) !== value) continue;
        this.known.set(name, { ...known, failed: { cell, message: error.evalue } });
      }
    };
  }

  /** Returns the value and origin of a name. */
  of(name: string): Definition {
    return { value: this.valueOf(name), ...this.known.get(name) };
  }

  /** Returns a cell's value, not what every object inherits, such as `toString`. */
  private valueOf(name: string): unknown {
    if (!Object.hasOwn(this.values, name)) return undefined;
    // What is imported may be a getter of its module.
    return look(() => this.values[name], undefined);
  }
}

/** The running kernel's knowledge of its cells. */
interface Cells {
  definitions: DefinitionLog;
  describe(thrown: unknown): ErrorReport;
}

let cells: Cells | undefined;

/** Connects `definitionOf` and `describeError` to the kernel. The launcher calls it once. */
export function connectCells(connected: Cells): void {
  cells = connected;
}

/**
 * Looks up a name of the notebook: its value, the source that defined it, and whether a later
 * attempt to define it failed.
 * @throws KernelError outside the kernel
 */
export function definitionOf(name: string): Definition {
  return connected('definitionOf').definitions.of(name);
}

/**
 * Returns the lines that the kernel shows for a thrown value: the message, and frames such as
 * `at f (In[3]:2:5)` with the lines of cells.
 * @throws KernelError outside the kernel
 */
export function describeError(thrown: unknown): string[] {
  return connected('describeError').describe(thrown).traceback;
}

function connected(caller: string): Cells {
  if (cells) return cells;
  throw new KernelError(
    `${caller}: the caller must be a cell of the TypeScript kernel, got a plain Node process. ` +
      'Call it in a notebook.',
  );
}
